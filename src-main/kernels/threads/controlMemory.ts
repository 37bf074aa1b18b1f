// What threads on one shared memory tell each other by: words at its start, behind them the numbers of a task; and waiting for a word.
import { firstFreeByte } from '../modules.ts';

const words = 32;
const argumentCount = 32;
const argumentsByte = firstFreeByte + words * Int32Array.BYTES_PER_ELEMENT;
/** First byte behind what a team keeps. */
export const afterControl = argumentsByte + argumentCount * Float64Array.BYTES_PER_ELEMENT;

export interface Control {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly arguments: Float64Array<SharedArrayBuffer>;
}

export function controlOf(buffer: SharedArrayBuffer): Control {
  return {
    words: new Int32Array(buffer, firstFreeByte, words),
    arguments: new Float64Array(buffer, argumentsByte, argumentCount),
  };
}

/** How often a thread looks before it sleeps: some tens of microseconds, which is how far apart runs are. */
export const looksBeforeSleep = 30_000;

/**
 * The leader waits until the word `done` has counted up to `count`, and says in the word `asleep` when it sleeps. Null then; after
 * `patienceSeconds` asleep in vain, how far it has come. The spin is bounded: an endless one can keep a helper from the core that it needs.
 */
export function awaitCount(
  control: Int32Array<SharedArrayBuffer>,
  { done, asleep }: { done: number; asleep: number },
  count: number,
  patienceSeconds: number,
): number | null {
  let looks = 0;
  let patience = patienceSeconds;
  for (let now: number; (now = Atomics.load(control, done)) < count;)
    if (++looks > looksBeforeSleep) {
      Atomics.store(control, asleep, 1);
      const answer = Atomics.wait(control, done, now, 1000);
      Atomics.store(control, asleep, 0);
      if (answer === 'timed-out' && --patience === 0) return now;
    }
  return null;
}
