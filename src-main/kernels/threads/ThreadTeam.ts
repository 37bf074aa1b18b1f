import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { SharedMemory } from '../webAssembly.ts';
import { endTask, mostThreads, word, type Chunks } from './control.ts';
import { awaitCount, controlOf, type Control } from './controlMemory.ts';

/** A thread that runs elsewhere and answers to `serveTeam`. How it is started is the business of whoever gives it. */
export interface HelperThread {
  post(message: TeamInvitation): void;
}

export interface TeamInvitation {
  memory: SharedMemory;
}

/** Seconds without any answer after which a helper counts as lost. */
const patienceSeconds = 120;

/**
 * Threads that work through the chunks of one task after another, on one shared memory: the leader (who constructs this) and
 * helpers. A run costs some microseconds: no message, no allocation. Which thread gets which chunk is left to chance, so tasks must
 * give the same whoever does them. Helpers that are still starting join when they are up; nobody waits for them.
 */
export class ThreadTeam {
  readonly #control: Control;
  readonly #chunk: Chunks;
  #run = 0;
  #helpers: number;

  /** `chunk` is what helpers do too (they get it from `serveTeam`). */
  constructor(memory: SharedMemory, helpers: readonly HelperThread[], chunk: Chunks) {
    this.#control = controlOf(memory.buffer);
    this.#chunk = chunk;
    this.#helpers = Math.min(helpers.length, mostThreads - 1);
    for (const helper of helpers.slice(0, this.#helpers)) helper.post({ memory });
  }

  /** Of the task that runs: tasks read them in any thread. */
  get arguments(): Float64Array<SharedArrayBuffer> {
    return this.#control.arguments;
  }

  /** Threads that a run would have now. */
  get threads(): number {
    return this.#helpers === 0 ? 1 : 1 + Math.min(this.#helpers, Atomics.load(this.#control.words, word.ready));
  }

  /** Bit t: thread t set it in the last run. */
  get touched(): number {
    return Atomics.load(this.#control.words, word.touched);
  }

  /** All chunks of a task in this thread alone. */
  runAlone(task: number, chunks: number): void {
    this.#control.words[word.touched] = 0;
    for (let chunk = 0; chunk < chunks; chunk++) this.#chunk(task, 0, chunk);
  }

  /** All chunks of a task. Throws what the task throws; MK_TREES_THREAD_LOST when a helper failed or no longer answers. */
  run(task: number, chunks: number): void {
    const threads = Math.min(this.threads, chunks);
    if (threads <= 1) return this.runAlone(task, chunks);
    const { words } = this.#control;
    words[word.task] = task;
    words[word.chunks] = chunks;
    words[word.nextChunk] = 0;
    words[word.touched] = 0;
    Atomics.store(words, word.done, 0);
    this.#run = (this.#run + 1) & 0xff_ffff;
    Atomics.store(words, word.run, (this.#run << 6) | threads);
    if (Atomics.load(words, word.helpersAsleep) > 0) Atomics.notify(words, word.run);
    try {
      for (let chunk: number; (chunk = Atomics.add(words, word.nextChunk, 1)) < chunks;) this.#chunk(task, 0, chunk);
    } finally {
      this.#awaitHelpers(threads - 1);
    }
    const failed = Atomics.load(words, word.failed);
    if (failed) throw new ModelkeepError('MK_TREES_THREAD_LOST', { thread: failed });
  }

  /** Helpers leave: those still starting leave at once when they come up. */
  end(): void {
    if (this.#helpers === 0) return;
    const { words } = this.#control;
    words[word.task] = endTask;
    this.#run = (this.#run + 1) & 0xff_ffff;
    Atomics.store(words, word.run, (this.#run << 6) | (mostThreads + 1));
    Atomics.notify(words, word.run);
    this.#helpers = 0;
  }

  #awaitHelpers(helpers: number): void {
    const done = awaitCount(this.#control.words, { done: word.done, asleep: word.leaderAsleep }, helpers, patienceSeconds);
    if (done !== null) throw new ModelkeepError('MK_TREES_THREAD_LOST', { thread: done + 1 });
  }
}
