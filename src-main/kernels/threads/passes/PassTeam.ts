import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { SharedMemory } from '../../webAssembly.ts';
import { awaitCount, controlOf, type Control } from '../controlMemory.ts';
import { chunkNumbers, takeChunks, word, writePass, type Pass, type PassKernel } from './passControl.ts';

/** Seconds without any chunk coming to its end after which a helper counts as lost in one. */
const patienceSeconds = 60;

/**
 * Passes of elementwise kernels over long vectors, shared out in chunks between this thread and those that happen to help: threads
 * that have something else to do before and after. They come when they are told of a round (`openRound`, by a message of their owner)
 * and leave when it is closed; nobody waits for one that is not there. Chunks do not depend on who does them, nor on how many do.
 */
export class PassTeam {
  readonly memory: SharedMemory;
  readonly #control: Control;
  readonly #kernels: readonly PassKernel[];
  #round = 0;
  #open = false;

  constructor(memory: SharedMemory, kernels: readonly PassKernel[]) {
    this.memory = memory;
    this.#control = controlOf(memory.buffer);
    this.#kernels = kernels;
  }

  /** Number of the round for `helpPasses`. Closes the one before. */
  openRound(): number {
    this.closeRound();
    this.#open = true;
    return (this.#round = (this.#round + 1) | 0);
  }

  /** Helpers leave. */
  closeRound(): void {
    if (!this.#open) return;
    this.#open = false;
    Atomics.store(this.#control.words, word.closed, this.#round);
    this.#wake();
  }

  /** Whether a pass over so many numbers is worth sharing out. */
  shares(count: number): boolean {
    return this.#open && count > chunkNumbers;
  }

  /** Throws MK_COMPILER_WORKER_LOST when a thread is lost in a chunk. */
  run(pass: Pass): void {
    const { words } = this.#control;
    const chunks = Math.ceil(pass.count / pass.chunkNumbers);
    writePass(this.#control, pass);
    Atomics.store(words, word.done, 0);
    Atomics.store(words, word.left, chunks);
    this.#wake();
    takeChunks(this.#control, this.#kernels);
    this.#await(chunks);
  }

  #wake(): void {
    const { words } = this.#control;
    Atomics.add(words, word.turn, 1);
    if (Atomics.load(words, word.helpersAsleep) > 0) Atomics.notify(words, word.turn);
  }

  #await(chunks: number): void {
    const done = awaitCount(this.#control.words, { done: word.done, asleep: word.leaderAsleep }, chunks, patienceSeconds);
    if (done !== null) throw new ModelkeepError('MK_COMPILER_WORKER_LOST', { worker: 2, workers: 2, reason: 'it no longer answers' });
  }
}
