/**
 * Asked between runs of the graph. Where the wish arrives as a message, let messages in first:
 * `async () => (await setImmediate(), stopped)`.
 */
export type ShouldStop = () => boolean | Promise<boolean>;
