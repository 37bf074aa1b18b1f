import { ModelkeepError, isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import type { Runtime, SessionSettings } from '../runtime.ts';
import type { RowArray } from '../trainingData.ts';
import { flatViews } from './FlatParameters.ts';
import { GradientSession } from './GradientSession.ts';

/** A thread as the host gives it: `post` reaches the other side's listener, in order. */
export interface WorkerPort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** The trainer's side of a thread. */
export interface TrainingWorker extends WorkerPort {
  /** Told once when the thread is gone, with the reason. */
  onEnd(listener: (reason: string) => void): void;
  /** Ends the thread. */
  end(): Promise<void>;
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
  readonly parameters: Float32Array<SharedArrayBuffer>;
  readonly gradients: Float32Array<SharedArrayBuffer>;
  readonly state: Float32Array<SharedArrayBuffer>;
  readonly nextState: Float32Array<SharedArrayBuffer>;
}

type ToWorker =
  | StartMessage
  | { readonly kind: 'run'; readonly batch: number; readonly step: number; readonly lossScale: number }
  | { readonly kind: 'stop' };
type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loss'; readonly loss: number }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly code?: string;
      readonly params?: Record<string, string | number | boolean>;
    };

/**
 * The worker's side: answers until it is told to stop. The host's thread does nothing else:
 * `serveGradients({ post: (message) => parentPort.postMessage(message), onMessage: (listener) => parentPort.on('message', listener) }, runtime)`.
 */
export function serveGradients(port: WorkerPort, runtime: Runtime): void {
  let worker: { session: GradientSession; start: StartMessage; parameters: Float32Array; gradients: Float32Array } | undefined;
  const answer = async (message: ToWorker): Promise<FromWorker> => {
    switch (message.kind) {
      case 'start': {
        const [parameters, gradients] = [new Float32Array(message.parameters.length), new Float32Array(message.parameters.length)];
        const { compiled, optimizer } = message;
        const session = await GradientSession.create({
          ...message,
          runtime,
          parameters: flatViews(compiled.parameters, optimizer, parameters),
          gradients: flatViews(compiled.parameters, optimizer, gradients),
        });
        worker = { session, start: message, parameters, gradients };
        return { kind: 'ready' };
      }
      case 'run': {
        if (!worker) throw new Error('The worker was not started.');
        const { session, start, parameters, gradients } = worker;
        parameters.set(start.parameters);
        session.state.set(start.state);
        const loss = await session.run(message.batch, message.step, message.lossScale);
        start.gradients.set(gradients);
        start.nextState.set(session.nextState);
        return { kind: 'loss', loss };
      }
      case 'stop':
        await worker?.session.release();
        return { kind: 'stopped' };
    }
  };
  port.onMessage((message) => {
    answer(message as ToWorker).then(
      (result) => port.post(result),
      (error: unknown) => port.post(failure(error)),
    );
  });
}

function failure(error: unknown): FromWorker {
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', reason, ...(isModelkeepError(error) && { code: error.code, params: error.params }) };
}

export interface WorkerPartSettings extends Omit<StartMessage, 'kind' | 'gradients' | 'nextState'> {
  readonly worker: TrainingWorker;
}

/** A part of every batch whose gradients another thread computes. */
export class WorkerPart {
  /** What the thread wrote in the last run. */
  readonly gradients: Float32Array<SharedArrayBuffer>;
  readonly nextState: Float32Array<SharedArrayBuffer>;
  readonly #worker: TrainingWorker;
  readonly #number: number;
  readonly #parts: number;
  #waiting: { resolve: (message: FromWorker) => void; reject: (error: unknown) => void } | undefined;
  #ended: string | undefined;

  /** Throws MK_COMPILER_WORKER_LOST when the thread ends or its runtime refuses the graph. */
  static async start({ worker, ...settings }: WorkerPartSettings): Promise<WorkerPart> {
    const part = new WorkerPart(worker, settings);
    const start: StartMessage = { kind: 'start', ...settings, gradients: part.gradients, nextState: part.nextState };
    await part.#ask(start);
    return part;
  }

  private constructor(worker: TrainingWorker, { parameters, state, part, parts }: Omit<WorkerPartSettings, 'worker'>) {
    this.#worker = worker;
    this.#number = part;
    this.#parts = parts;
    this.gradients = sharedFloats(parameters.length);
    this.nextState = sharedFloats(state.length);
    worker.onMessage((message) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(message as FromWorker);
    });
    worker.onEnd((reason) => {
      this.#ended = reason;
      this.#waiting?.reject(this.#lost(reason));
      this.#waiting = undefined;
    });
  }

  async run(batch: number, step: number, lossScale: number): Promise<number> {
    const result = await this.#ask({ kind: 'run', batch, step, lossScale });
    return result.kind === 'loss' ? result.loss : Number.NaN;
  }

  async release(): Promise<void> {
    // A thread that is gone has released everything.
    if (this.#ended === undefined) await this.#ask({ kind: 'stop' }).catch(() => undefined);
    await this.#worker.end();
  }

  #ask(message: ToWorker): Promise<FromWorker> {
    return new Promise<FromWorker>((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#lost(this.#ended));
      this.#waiting = { resolve, reject };
      this.#worker.post(message);
    }).then((result) => {
      if (result.kind !== 'failed') return result;
      if (result.code) throw new ModelkeepError(result.code as ModelkeepError['code'], result.params);
      throw this.#lost(result.reason);
    });
  }

  #lost(reason: string): ModelkeepError {
    return new ModelkeepError('MK_COMPILER_WORKER_LOST', { worker: this.#number + 1, workers: this.#parts, reason });
  }
}

export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}

/** Numbers of all running state. */
export function stateLength(compiled: CompiledGradients): number {
  return compiled.state.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
