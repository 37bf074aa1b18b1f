// A shell starts the core as a child, forwards to it, and starts it again when it dies.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { Caller } from '../../src-shared/rpc/contract.ts';
import { failure, type RpcEvent, type RpcResponse } from '../../src-shared/rpc/envelope.ts';
import type { EventData } from '../../src-shared/rpc/events.ts';
import type { Core } from '../core.ts';
import type { CoreStart } from '../coreProcess.ts';
import { openLog, type Log } from '../platform/log.ts';
import { startWorker, type HostKind, type Worker } from '../platform/processHost.ts';

export interface SuperviseOptions {
  workspaceFolder: string;
  shell: Caller['shell'];
  actor: string;
  host?: HostKind | undefined;
  /** Lines that the core prints, which it does only when it breaks. Default: our standard error. They are kept in logs/shell.log too. */
  onLine?: (line: string) => void;
  start?: typeof startWorker;
}

export interface SupervisedCore {
  /** The first start. Rejects with what the core says (locked, newer, unwritable) or MK_WORKER_DIED; after the latter it is tried again all the same. */
  readonly ready: Promise<Core['workspace']>;
  /** Process of the present core; null while there is none. */
  readonly pid: number | null;
  /** Never rejects. MK_CORE_EXITED when the core died while answering, or is not there. */
  dispatch(message: unknown): Promise<RpcResponse>;
  /** Also `coreRestarted`. */
  onEvent(listener: (event: RpcEvent) => void): () => void;
  stop(): Promise<void>;
}

/** Waits before each further attempt to start; the last one is repeated. */
const waitsMs = [0, 250, 1000, 5000];
/** A core that lived this long has earned a fresh count. */
const settledMs = 30_000;
/** A shell that was killed leaves a core that needs a moment to close the workspace; so long the next one waits before it says "in use". */
const lockPatienceMs = 5000;
/** How long a call waits for a core that is just being started again. */
const patienceMs = 10_000;

export function superviseCore(options: SuperviseOptions): SupervisedCore {
  return new Supervisor(options);
}

class Supervisor implements SupervisedCore {
  readonly ready: Promise<Core['workspace']>;
  readonly #options: SuperviseOptions;
  readonly #listeners = new Set<(event: RpcEvent) => void>();
  #worker: Worker | null = null;
  /** Settles when the present attempt to start has succeeded or failed. */
  #starting: Promise<unknown>;
  #up = false;
  #stopped = false;
  #failures = 0;
  #log: Log | null = null;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.ready = this.#startFirst();
    this.#starting = this.ready.catch((error: unknown) => {
      // What the core itself says will not change by trying again; a death may.
      if (isRefusal(error)) this.#stopped = true;
    });
  }

  get pid(): number | null {
    return this.#worker?.alive ? this.#worker.pid : null;
  }

  async dispatch(message: unknown): Promise<RpcResponse> {
    const id = (message as { id?: unknown } | null)?.id;
    const exited = failure(typeof id === 'number' ? id : 0, 'MK_CORE_EXITED');
    if (!this.#up && this.#failures < 2) await Promise.race([this.#starting, sleep(patienceMs, undefined, { ref: false })]);
    if (!this.#up || !this.#worker) return exited;
    return this.#worker.request<RpcResponse>('rpc', message).catch(() => exited);
  }

  onEvent(listener: (event: RpcEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker?.stop();
  }

  async #startFirst(): Promise<Core['workspace']> {
    const until = performance.now() + lockPatienceMs;
    for (;;) {
      try {
        return await this.#start();
      } catch (error) {
        const isLocked = isModelkeepError(error) && error.code === 'MK_WORKSPACE_LOCKED';
        if (!isLocked || this.#stopped || performance.now() > until) throw error;
        await sleep(250);
      }
    }
  }

  async #start(): Promise<Core['workspace']> {
    const { workspaceFolder, shell, actor, host, start = startWorker } = this.#options;
    const startedAt = performance.now();
    const worker = start('core', {
      ...(host ? { host } : {}),
      onLine: (line) => this.#print(line),
      onEvent: (_channel, event) => this.#tell(event as RpcEvent),
    });
    this.#worker = worker;
    // One that says why it cannot work was not lost: whoever asked decides what comes next.
    let refused = false;
    void worker.exited.then(() => {
      this.#up = false;
      if (performance.now() - startedAt > settledMs) this.#failures = 0;
      if (!this.#stopped && !refused) this.#starting = this.#restart();
    });
    try {
      const workspace = await worker.request<Core['workspace']>('start', {
        workspaceFolder,
        shell,
        actor,
        shellPid: process.pid,
      } satisfies CoreStart);
      this.#up = true;
      return workspace;
    } catch (error) {
      refused = isRefusal(error);
      if (refused) await worker.stop(1000);
      throw error;
    }
  }

  async #restart(): Promise<void> {
    await sleep(waitsMs[Math.min(this.#failures++, waitsMs.length - 1)]);
    if (this.#stopped) return;
    try {
      await this.#start();
    } catch (error) {
      // One that died ends in another attempt through its exit; one that refused has to be asked again (the disk may have room by then).
      if (isRefusal(error)) return this.#restart();
      return;
    }
    this.#tell({ event: 'coreRestarted', data: { at: Date.now() } satisfies EventData<'coreRestarted'> });
  }

  #print(line: string): void {
    if (this.#options.onLine) this.#options.onLine(line);
    else process.stderr.write(`core: ${line}\n`);
    try {
      this.#log ??= openLog(join(this.#options.workspaceFolder, 'logs'), 'shell');
      this.#log.warn({ line }, 'core output');
    } catch {
      // A folder that cannot be made is the very thing that the core is complaining of.
    }
  }

  #tell(event: RpcEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** The core lives and says why it cannot open the workspace. */
function isRefusal(error: unknown): boolean {
  return isModelkeepError(error) && error.code !== 'MK_WORKER_DIED';
}
