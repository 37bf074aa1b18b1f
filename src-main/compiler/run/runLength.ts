/** At most this many minibatches in one run, however fast they are: bounds the mask buffers. The trainer ends runs at multiples of it. */
export const longestRun = 128;
/** A run may hold at most this many times the batches of the one before: the first ones are slow (memory, caches). */
const growth = 8;

/**
 * Chooses how many minibatches the next run takes so that a run stays near `targetMs`: long enough to spread the cost of
 * a call, short enough that a stop is quick. Timing decides only this; results do not depend on it.
 */
export class RunLength {
  readonly #targetMs: number;
  #batches = 1;

  constructor(targetMs: number) {
    this.#targetMs = targetMs;
  }

  get batches(): number {
    return this.#batches;
  }

  record(batches: number, elapsedMs: number): void {
    const fitting = elapsedMs > 0 ? Math.floor((this.#targetMs * batches) / elapsedMs) : longestRun;
    this.#batches = Math.max(1, Math.min(fitting, batches * growth, longestRun));
  }
}
