// A child process that is started again when it ends without having been asked to.
import { isModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { RequestOptions, StartWorker, Worker, WorkerOptions } from '../../platform/processHost.ts';

export interface SupervisedOptions {
  start: StartWorker;
  name: 'gateway' | 'ingester';
  /** Brings a fresh child into service; while it fails, the child is started again, ever later. */
  setUp(worker: Worker): Promise<void>;
  onEvent?: WorkerOptions['onEvent'];
  /** Told when the child went away unasked. */
  onLost?(): void;
}

export class SupervisedWorker {
  readonly #options: SupervisedOptions;
  #worker: Promise<Worker> | null = null;
  #live: Worker | null = null;
  #closed = true;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** The running child, set up; starts one if there is none. Rejects with what `setUp` rejects with; then the next call tries again. */
  get(): Promise<Worker> {
    this.#closed = false;
    return (this.#worker ??= this.#start());
  }

  /** Asks the child; once more when it died before it answered, because everything it is asked can be asked twice. */
  async request<R>(op: string, params: unknown, options?: RequestOptions): Promise<R> {
    const worker = await this.get();
    try {
      return await worker.request<R>(op, params, options);
    } catch (error) {
      if (!isModelkeepError(error) || error.code !== 'MK_WORKER_DIED' || this.#closed) throw error;
      await worker.exited; // until then it counts as the running one
      return (await this.get()).request<R>(op, params, options);
    }
  }

  get running(): boolean {
    return this.#worker !== null;
  }

  async stop(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    const worker = await this.#worker?.catch(() => null);
    this.#worker = null;
    await worker?.stop();
  }

  async #start(): Promise<Worker> {
    if (this.#timer) clearTimeout(this.#timer);
    const { start, name, setUp, onEvent } = this.#options;
    const worker = start(name, onEvent ? { onEvent } : {});
    void worker.exited.then(() => this.#onExit(worker));
    this.#live = worker;
    try {
      await setUp(worker);
      this.#failures = 0;
      return worker;
    } catch (error) {
      this.#failures++;
      worker.kill();
      throw error;
    }
  }

  #onExit(worker: Worker): void {
    if (this.#live !== worker) return;
    this.#live = null;
    this.#worker = null;
    if (this.#closed) return;
    this.#options.onLost?.();
    const delayMs = Math.min(5000, this.#failures === 0 ? 0 : 200 * 2 ** this.#failures);
    this.#timer = setTimeout(() => {
      if (!this.#closed) void this.get().catch(() => {}); // it ends, and comes back here
    }, delayMs).unref();
  }
}
