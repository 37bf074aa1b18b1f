import type { SharedMemory } from '../../webAssembly.ts';
import { controlOf, looksBeforeSleep } from '../controlMemory.ts';
import { takeChunks, word, type PassKernel } from './passControl.ts';

/** A helper that hears nothing for so long goes back to its other work, so that it can be told to end. */
const patienceMs = 2000;

/** Takes part in the passes of a round until it is closed. Blocks the thread. */
export function helpPasses({ buffer }: SharedMemory, kernels: readonly PassKernel[], round: number): void {
  const control = controlOf(buffer);
  const { words } = control;
  for (;;) {
    const turn = Atomics.load(words, word.turn);
    takeChunks(control, kernels);
    // Whoever comes late finds later rounds closed as well; numbers go round.
    if (((Atomics.load(words, word.closed) - round) | 0) >= 0) return;
    if (!sawChange(words, turn) && !sleepUntilChange(words, turn)) return;
  }
}

function sawChange(words: Int32Array, turn: number): boolean {
  for (let looks = 0; looks < looksBeforeSleep; looks++) if (Atomics.load(words, word.turn) !== turn) return true;
  return false;
}

function sleepUntilChange(words: Int32Array, turn: number): boolean {
  Atomics.add(words, word.helpersAsleep, 1);
  const answer = Atomics.wait(words, word.turn, turn, patienceMs);
  Atomics.sub(words, word.helpersAsleep, 1);
  return answer !== 'timed-out';
}
