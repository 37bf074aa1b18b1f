// When to load again. Events are hints: a burst of them becomes one call, and calls never overlap.

/** Runs `load` soon after `ask()`, at most once per `pauseMs`, and once more if asked while it ran. */
export function coalesce(load: () => Promise<void>, pauseMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    timer = null;
    running = true;
    await load();
    running = false;
    if (again) {
      again = false;
      ask();
    }
  };
  const ask = (): void => {
    if (running) again = true;
    else timer ??= setTimeout(() => void run(), pauseMs);
  };
  return ask;
}
