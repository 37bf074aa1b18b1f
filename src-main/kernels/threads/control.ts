/** Words (i32) of a team at the start of its memory; after them the arguments of the task, then what its owner puts there. */
export const word = {
  /** Number of the run << 6 | threads that take part. */
  run: 0,
  /** Helpers that are through with it. */
  done: 1,
  /** Helpers that have come up. */
  ready: 2,
  /** Helpers that sleep, so that the leader need not wake any in vain; 1 when the leader sleeps. */
  helpersAsleep: 3,
  leaderAsleep: 4,
  nextChunk: 5,
  task: 6,
  chunks: 7,
  /** A helper whose task threw: its number. */
  failed: 8,
  /** For the tasks: bit t is set by thread t. */
  touched: 9,
} as const;

/** Threads that a run may have: bits of `touched`. */
export const mostThreads = 31;
/** The task that ends a helper. */
export const endTask = -1;

/** Does chunk after chunk until none is left; true when this thread got any. */
export type Chunks = (task: number, thread: number, chunk: number) => void;
