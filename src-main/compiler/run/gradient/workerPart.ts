import { ModelkeepError, isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { ErrorCode } from '../../../../src-shared/errors/catalogue.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import type { Runtime, SessionSettings } from '../runtime.ts';
import type { RowArray } from '../trainingData.ts';
import { trainingHelper } from '../../../kernels/trainingKernels.ts';
import type { SharedMemory } from '../../../kernels/webAssembly.ts';
import { flatViews } from './FlatParameters.ts';
import { GradientSession } from './GradientSession.ts';
import { copyRows, type RowPart } from './RowTables.ts';
import { sharedFloats } from './sharedMemory.ts';

/** A thread as the host gives it: `post` reaches the other side's listener, in order. */
export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** The trainer's side of a thread, which the trainer ends by a message: a thread that is terminated while it runs takes the process along. */
export interface TrainingWorker extends WorkerPort {
  /** Each listener is told once when the thread is gone, with the reason; at once when it is gone already. */
  onEnd(listener: (reason: string) => void): void;
}

/** The thread's own side. */
export interface WorkerThreadPort extends WorkerPort {
  /** No more messages: the thread has nothing to do and ends. */
  close(): void;
}

interface StartMessage {
  readonly kind: 'start';
  readonly compiled: CompiledGradients;
  readonly optimizer: OptimizerSettings;
  readonly session: SessionSettings | undefined;
  readonly seed: number;
  readonly part: number;
  readonly parts: number;
  readonly frozen: Readonly<Record<string, Float32Array>>;
  readonly batches: readonly Readonly<Record<string, RowArray>>[];
  /** All in shared memory, laid out as in `FlatParameters`. */
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly rows: RowPart | undefined;
  readonly state: Float32Array<SharedArrayBuffer>;
  readonly nextState: Float32Array<SharedArrayBuffer>;
  /** The runtime takes these arrays as they are. */
  readonly takesShared: boolean;
  /** Of a `PassTeam` that this thread helps between its runs. */
  readonly passes: SharedMemory | undefined;
}

interface RunMessage {
  readonly kind: 'run';
  readonly batch: number;
  readonly step: number;
  readonly lossScale: number;
  /** Of the passes that follow, to help in. */
  readonly round: number;
}

/** Instead of a start: the thread computes no gradients, it only helps. */
interface AssistMessage {
  readonly kind: 'assist';
  readonly passes: SharedMemory;
}

interface HelpMessage {
  readonly kind: 'help';
  readonly round: number;
}

type ToWorker = StartMessage | RunMessage | AssistMessage | HelpMessage | { readonly kind: 'stop' };
type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loss'; readonly loss: number }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly code?: string;
      readonly params?: Record<string, string | number | boolean>;
    };

/**
 * The worker's side: answers until it is told to stop. The host's thread does nothing else:
 * `serveGradients({ post: (message) => port.postMessage(message), onMessage: (listener) => port.on('message', listener), close: () => port.close() }, runtime)`.
 */
export function serveGradients(port: WorkerThreadPort, runtime: Runtime): void {
  let worker:
    | {
        readonly session: GradientSession;
        readonly start: StartMessage;
        /** What the runtime reads and writes. */
        readonly parameters: Float32Array;
        readonly gradients: Float32Array;
        readonly rows: RowPart | undefined;
      }
    | undefined;
  let help: (round: number) => void = () => undefined;
  const start = async (message: StartMessage): Promise<FromWorker> => {
    const { length } = message.parameters;
    const [parameters, gradients] = message.takesShared
      ? [message.parameters, message.gradients]
      : [new Float32Array(length), new Float32Array(length)];
    const { rows: given, compiled, optimizer } = message;
    const rows =
      given && !message.takesShared ? { rows: new Float32Array(given.rows.length), indices: new Int32Array(given.indices.length) } : given;
    const session = await GradientSession.create({
      ...message,
      runtime,
      parameters: flatViews(compiled.parameters, optimizer, parameters),
      gradients: flatViews(compiled.parameters, optimizer, gradients),
      rows,
    });
    if (message.passes) help = trainingHelper(message.passes);
    worker = { session, start: message, parameters, gradients, rows };
    return { kind: 'ready' };
  };
  const run = async ({ batch, step, lossScale }: Omit<RunMessage, 'kind'>): Promise<FromWorker> => {
    if (!worker) throw new Error('The worker was not started.');
    const { session, start: shared, parameters, gradients, rows } = worker;
    if (!shared.takesShared) parameters.set(shared.parameters);
    session.state.set(shared.state);
    const loss = await session.run(batch, step, lossScale);
    if (!shared.takesShared) {
      shared.gradients.set(gradients);
      if (rows && shared.rows) copyRows(rows, shared.rows);
    }
    shared.nextState.set(session.nextState);
    return { kind: 'loss', loss };
  };
  const stop = async (): Promise<void> => {
    await worker?.session.release().catch(() => undefined);
    port.close();
  };
  // One after the other: a stop waits for the run that is under way.
  let working: Promise<void> = Promise.resolve();
  port.onMessage((received) => {
    const message = received as ToWorker;
    working = working.then(async () => {
      if (message.kind === 'stop') return stop();
      if (message.kind === 'assist') return void (help = trainingHelper(message.passes));
      if (message.kind === 'help') return help(message.round);
      port.post(await (message.kind === 'start' ? start(message) : run(message)).catch(failure));
      if (message.kind === 'run') help(message.round);
    });
  });
}

function failure(error: unknown): FromWorker {
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', reason, ...(isModelkeepError(error) && { code: error.code, params: error.params }) };
}

export interface WorkerPartSettings extends Omit<StartMessage, 'kind' | 'nextState'> {
  readonly worker: TrainingWorker;
}

/** A part of every batch whose gradients another thread computes. */
export class WorkerPart {
  /** What the thread wrote in the last run. */
  readonly gradients: Float32Array;
  readonly rows: RowPart | undefined;
  readonly nextState: Float32Array<SharedArrayBuffer>;
  readonly #worker: TrainingWorker;
  readonly #number: number;
  readonly #parts: number;
  readonly #gone: Promise<void>;
  #waiting: PromiseWithResolvers<FromWorker> | undefined;
  #ended: string | undefined;
  #released = false;

  /** Throws MK_COMPILER_WORKER_LOST when the thread ends or its runtime refuses the graph; the thread is gone then. */
  static async start({ worker, ...settings }: WorkerPartSettings): Promise<WorkerPart> {
    const part = new WorkerPart(worker, settings);
    const start: StartMessage = { kind: 'start', ...settings, nextState: part.nextState };
    const answer = await part.#ask(start).catch((error: unknown) => failure(error));
    if (answer.kind !== 'failed') return part;
    await part.release();
    throw answer.code ? new ModelkeepError(answer.code as ErrorCode, answer.params) : part.#lost(answer.reason);
  }

  private constructor(worker: TrainingWorker, { gradients, rows, state, part, parts }: Omit<WorkerPartSettings, 'worker'>) {
    this.#worker = worker;
    this.#number = part;
    this.#parts = parts;
    this.gradients = gradients;
    this.rows = rows;
    this.nextState = sharedFloats(state.length);
    worker.onMessage((message) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(message as FromWorker);
    });
    this.#gone = new Promise((resolve) => {
      worker.onEnd((reason) => {
        this.#ended = reason;
        this.#waiting?.reject(this.#lost(reason));
        this.#waiting = undefined;
        resolve();
      });
    });
  }

  /** Why the thread is gone by itself; undefined while it is there, and when it was released. */
  get ended(): string | undefined {
    return this.#released ? undefined : this.#ended;
  }

  /** Throws MK_COMPILER_WORKER_LOST when the thread has ended, and what the runtime throws there. */
  async run(run: Omit<RunMessage, 'kind'>): Promise<number> {
    const answer = await this.#ask({ kind: 'run', ...run });
    if (answer.kind === 'loss') return answer.loss;
    const { reason, code, params } = answer as Extract<FromWorker, { kind: 'failed' }>;
    throw code ? new ModelkeepError(code as ErrorCode, params) : new Error(reason);
  }

  /** Resolves when the thread is gone, which is after the run that is under way. */
  async release(): Promise<void> {
    this.#released ||= this.#ended === undefined;
    if (this.#released) this.#worker.post({ kind: 'stop' } satisfies ToWorker);
    await this.#gone;
  }

  #ask(message: ToWorker): Promise<FromWorker> {
    if (this.#ended !== undefined) return Promise.reject(this.#lost(this.#ended));
    this.#waiting = Promise.withResolvers<FromWorker>();
    const { promise } = this.#waiting;
    this.#worker.post(message);
    return promise;
  }

  #lost(reason: string): ModelkeepError {
    return new ModelkeepError('MK_COMPILER_WORKER_LOST', { worker: this.#number + 1, workers: this.#parts, reason });
  }
}

/** Asks a thread to end after the run it is in: one that no trainer was made with, or all of a process that exits. */
export function dismiss(worker: TrainingWorker): void {
  worker.post({ kind: 'stop' } satisfies ToWorker);
}

/** For a thread that `PassHelper` has. */
export function assistMessage(passes: SharedMemory): unknown {
  return { kind: 'assist', passes } satisfies ToWorker;
}

export function helpMessage(round: number): unknown {
  return { kind: 'help', round } satisfies ToWorker;
}

/** Numbers of all running state. */
export function stateLength(compiled: CompiledGradients): number {
  return compiled.state.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
