// Child processes that touch tables: one that stays for questions, and a fresh one for each job, so that a foreign file can hurt only itself.
import { mkdir, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { RequestOptions, StartWorker, Worker } from '../../platform/processHost.ts';
import type { DataOperation, OperationAnswer, OperationParams } from './operations.ts';

/** The engine's own limit stands in the worker; this one catches what grows beside it. */
const questionMemoryMb = 1536;
/** After so many answers the process is replaced, since native memory only grows. */
const answersBeforeRecycling = 20_000;
const questionTimeoutMs = 120_000;

export class DataWorkers implements AsyncDisposable {
  readonly #startWorker: StartWorker;
  readonly #scratch: string;
  #asked: Worker | null = null;
  #answers = 0;

  /** `scratch` is the workspace's folder for unfinished files. */
  constructor(startWorker: StartWorker, scratch: string) {
    this.#startWorker = startWorker;
    this.#scratch = scratch;
  }

  /** Asks the worker that stays; one that died is replaced and asked once more, since questions change nothing. */
  async ask<O extends DataOperation>(operation: O, params: OperationParams<O>, options: RequestOptions = {}): Promise<OperationAnswer<O>> {
    const send = (): Promise<OperationAnswer<O>> =>
      this.#worker().request<OperationAnswer<O>>(
        operation,
        { ...params, tmp: join(this.#scratch, 'questions') },
        { timeoutMs: questionTimeoutMs, ...options },
      );
    try {
      return await send();
    } catch (error) {
      if (!isModelkeepError(error) || error.code !== 'MK_WORKER_DIED' || options.signal?.aborted) throw error;
      return send();
    }
  }

  /** Runs one operation in a process of its own and hands its answer to `use` before the scratch folder is removed. */
  async work<O extends DataOperation, R>(
    operation: O,
    params: OperationParams<O>,
    options: RequestOptions & { memoryMb: number },
    use: (answer: OperationAnswer<O>) => Promise<R>,
  ): Promise<R> {
    const tmp = join(this.#scratch, `data-${randomBytes(8).toString('hex')}`);
    await mkdir(tmp, { recursive: true });
    const { memoryMb, ...request } = options;
    const worker = this.#startWorker('dataWorker', { memoryLimitMb: memoryMb, cwd: tmp });
    try {
      return await use(await worker.request<OperationAnswer<O>>(operation, { ...params, tmp }, request));
    } finally {
      worker.kill();
      await worker.exited;
      await rm(tmp, { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asked?.stop(1000);
  }

  #worker(): Worker {
    if (this.#asked && this.#answers >= answersBeforeRecycling) {
      void this.#asked.stop(questionTimeoutMs); // finishes what it was asked
      this.#asked = null;
    }
    if (!this.#asked?.alive) {
      this.#asked = this.#startWorker('dataWorker', { memoryLimitMb: questionMemoryMb });
      this.#answers = 0;
    }
    this.#answers++;
    return this.#asked;
  }
}
