// One inference host as the gateway sees it: a child that serves one version, and what it was asked and has not answered.
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { startWorker, type Worker } from '../../../platform/processHost.ts';
import { processCpuMs } from './processCpu.ts';
import { FrameLink } from '../wire/frameLink.ts';
import {
  kinds,
  readAnswer,
  requestHead,
  type AnswerFrame,
  type LoadedModelInfo,
  type ModelToServe,
  type RequestKind,
} from '../wire/messages.ts';

/** A request on its way through hosts. */
export interface Dispatch {
  kind: RequestKind;
  requestId: string;
  jsonBytes: number | null;
  body: Buffer;
  /** The caller insists on it; null takes whatever answers now. */
  pinnedVersion: number | null;
  /** On the clock of `performance.now`: later, nobody waits for the answer any more; null when somebody does. */
  deadlineAt: number | null;
  /** The caller has gone. */
  cancelled: boolean;
  /** Hosts that died with it. */
  deaths: number;
  settle(outcome: Outcome): void;
}

/** `version` is that of the host that answered, known at each dispatch. */
export type Outcome = { answer: AnswerFrame; model: string; version: number } | { error: ModelkeepError; version: number | null };

interface Pending {
  dispatch: Dispatch;
  sentAt: number;
}

export class HostProcess {
  readonly #worker: Worker;
  readonly #socket: Socket;
  readonly #link: FrameLink;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #lastProgress = 0;
  #cpuAtDoubtMs: number | null = null;
  #gone = false;
  served: ModelToServe | null = null;
  info: LoadedModelInfo | null = null;
  rssBytes = 0;
  /** Called once, with what it had not answered. */
  onGone: (unanswered: Dispatch[]) => void = () => {};
  /** Called after each answer. */
  onAnswered: () => void = () => {};

  private constructor(worker: Worker, socket: Socket) {
    this.#worker = worker;
    this.#socket = socket;
    this.#link = new FrameLink(socket, (id, kind, payload) => this.#receive(id, kind, payload));
    socket.on('error', () => {}).on('close', () => this.#end());
    void worker.exited.then(() => this.#end());
  }

  /** Starts a child without a model; it is ready to load one when this resolves. `socketFolder` must be for this user only. */
  static async start(socketFolder: string, name: string, cwd: string): Promise<HostProcess> {
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(socketFolder, name);
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    let host: HostProcess | null = null;
    const worker = startWorker('inferenceHost', {
      args: [`--socket=${path}`],
      cwd,
      // Compiled code is kept beside the sockets: the second host starts in half the time.
      env: { NODE_COMPILE_CACHE: join(socketFolder, 'code') },
      onEvent: (event, data) => {
        if (event === 'memory' && host) host.rssBytes = (data as { rssBytes: number }).rssBytes;
      },
    });
    try {
      const socket = await new Promise<Socket>((resolve, reject) => {
        server.once('connection', resolve).once('error', reject);
        void worker.exited.then(({ code, signal }) =>
          reject(new ModelkeepError('MK_WORKER_DIED', { worker: 'inferenceHost', reason: signal ?? `code ${code}` })),
        );
      });
      host = new HostProcess(worker, socket);
      return host;
    } catch (error) {
      worker.kill();
      throw error;
    } finally {
      server.close();
      if (process.platform !== 'win32') await rm(path, { force: true });
    }
  }

  /** Errors: those of LoadedModel.load; MK_SERVE_WARMUP_HUNG when it takes longer than `limitMs` (the child is gone then). */
  async load(model: ModelToServe, limitMs: number): Promise<LoadedModelInfo> {
    try {
      this.info = await this.#worker.request<LoadedModelInfo>('load', model, { timeoutMs: limitMs });
    } catch (error) {
      this.kill();
      if (isModelkeepError(error) && error.code === 'MK_WORKER_LIMIT')
        throw new ModelkeepError('MK_SERVE_WARMUP_HUNG', { model: model.model, version: model.version, limitMs }, { cause: error });
      if (isModelkeepError(error) && error.code === 'MK_WORKER_DIED')
        throw new ModelkeepError('MK_SERVE_LOAD_FAILED', {
          model: model.model,
          version: model.version,
          reason: `its process ended (${error.params['reason']})`,
        });
      throw error;
    }
    this.served = model;
    this.rssBytes = this.info.rssBytes;
    return this.info;
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get alive(): boolean {
    return !this.#gone;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /**
   * True when something is pending, no answer and no sign of progress came for `limitMs`, and the process was computing meanwhile: on a busy
   * machine one that merely waits for a processor is not to blame. Where processor time is not shown, or after ten times the limit, silence is enough.
   */
  isHung(now: number, limitMs: number): boolean {
    const oldest = this.#pending.values().next().value;
    const silentMs = oldest ? now - Math.max(oldest.sentAt, this.#lastProgress) : 0;
    if (silentMs < limitMs / 2) {
      this.#cpuAtDoubtMs = null;
      return false;
    }
    this.#cpuAtDoubtMs ??= processCpuMs(this.pid);
    if (silentMs < limitMs) return false;
    const usedMs = processCpuMs(this.pid);
    if (silentMs > 10 * limitMs || usedMs === null || this.#cpuAtDoubtMs === null) return true;
    return usedMs - this.#cpuAtDoubtMs >= limitMs / 4;
  }

  /** Forgives time in which the gateway itself was stopped. */
  forgive(ms: number): void {
    this.#lastProgress += ms;
    for (const pending of this.#pending.values()) pending.sentAt += ms;
  }

  send(dispatch: Dispatch): void {
    const id = (this.#lastId = (this.#lastId + 1) >>> 0);
    const sentAt = performance.now();
    this.#pending.set(id, { dispatch, sentAt });
    const { kind, requestId, jsonBytes, deadlineAt, body } = dispatch;
    this.#link.send(id, kinds[kind], requestHead(requestId, jsonBytes, deadlineAt === null ? null : deadlineAt - sentAt), body);
  }

  kill(): void {
    this.#worker.kill();
    this.#end();
  }

  #receive(id: number, kind: number, payload: Buffer): void {
    this.#lastProgress = performance.now();
    if (kind !== kinds.answer) return;
    const pending = this.#pending.get(id);
    if (!pending || !this.served) return;
    this.#pending.delete(id);
    pending.dispatch.settle({ answer: readAnswer(payload), model: this.served.model, version: this.served.version });
    this.onAnswered();
  }

  #end(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#worker.kill();
    this.#socket.destroy();
    const unanswered = [...this.#pending.values()].map(({ dispatch }) => dispatch);
    this.#pending.clear();
    this.onGone(unanswered);
  }
}
