import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { stepNames } from '../../3-differentiate/differentiate.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import type { Runtime, SessionSettings } from '../runtime.ts';
import type { BatchQueue } from './BatchQueue.ts';
import { findNotFinite } from './findNotFinite.ts';
import type { FlatParameters } from './FlatParameters.ts';
import { GradientSession } from './GradientSession.ts';
import { LossScale } from './LossScale.ts';
import { partOf } from './rowLoader.ts';
import { sharedFloats, stateLength, WorkerPart, type TrainingWorker } from './workerPart.ts';

export interface BatchGradientsSettings {
  readonly runtime: Runtime;
  readonly compiled: CompiledGradients;
  readonly optimizer: OptimizerSettings;
  readonly session: SessionSettings | undefined;
  readonly seed: number;
  readonly workers: readonly TrainingWorker[];
  readonly frozen: Readonly<Record<string, Float32Array>>;
}

/** What workers read. */
interface Shared {
  readonly parameters: Float32Array<SharedArrayBuffer>;
  readonly state: Float32Array<SharedArrayBuffer>;
}

/** Gradients of whole batches: this thread and the workers each take their part, the results lie in the flat vectors. */
export class BatchGradients {
  /** Running statistics: all tensors one after the other. */
  readonly state: Float32Array;
  /** With mixed precision. */
  readonly lossScale: LossScale | undefined;
  readonly #settings: BatchGradientsSettings;
  readonly #flat: FlatParameters;
  readonly #queue: BatchQueue;
  readonly #local: GradientSession;
  readonly #remote: readonly WorkerPart[];
  readonly #shared: Shared | undefined;

  /** Throws MK_COMPILER_WORKER_LOST when a worker does not start; all are ended then. */
  static async create(settings: BatchGradientsSettings, flat: FlatParameters, queue: BatchQueue): Promise<BatchGradients> {
    const { compiled, session, seed, frozen, runtime, workers, optimizer } = settings;
    const parts = workers.length + 1;
    const shared = parts > 1 ? { parameters: sharedFloats(flat.length), state: sharedFloats(stateLength(compiled)) } : undefined;
    const common = { compiled, session, seed, parts, frozen, batches: queue.arrays };
    const local = await GradientSession.create({
      ...common,
      runtime,
      part: 0,
      parameters: flat.views(flat.parameters),
      gradients: flat.views(flat.gradients[0]!),
    });
    const starting = shared ? workers.map((worker, at) => WorkerPart.start({ ...common, ...shared, optimizer, worker, part: at + 1 })) : [];
    const started = await Promise.allSettled(starting);
    const remote = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed) {
      await Promise.all([local, ...remote].map((each) => each.release()));
      await Promise.all(workers.map((each) => each.end()));
      throw failed.reason;
    }
    return new BatchGradients(settings, flat, queue, local, remote, shared);
  }

  private constructor(
    settings: BatchGradientsSettings,
    flat: FlatParameters,
    queue: BatchQueue,
    local: GradientSession,
    remote: readonly WorkerPart[],
    shared: Shared | undefined,
  ) {
    this.#settings = settings;
    this.#flat = flat;
    this.#queue = queue;
    this.#local = local;
    this.#remote = remote;
    this.#shared = shared;
    this.state = local.state;
    this.lossScale = settings.compiled.precision === 'mixed' ? new LossScale() : undefined;
  }

  stateViews(): [string, Float32Array][] {
    let next = 0;
    return this.#settings.compiled.state.map(({ name, shape }) => {
      const start = next;
      next += elementCount(shape);
      return [name, this.state.subarray(start, next)];
    });
  }

  /**
   * Loss and gradients of the batch in the queue's arrays number `arrays`; the state moves on. `drawnAt` numbers the batch for
   * Dropout; `step` is for messages; `meanwhile` is called when all parts are at work. Throws as `GradientTrainer` tells, with
   * the state as it was.
   */
  async run(arrays: number, drawnAt: number, step: number, meanwhile: () => void = () => undefined): Promise<number> {
    const before = this.state.slice();
    const running = this.#runParts(arrays, drawnAt, step);
    meanwhile();
    let loss = await running;
    for (;;) {
      const broken = this.#firstBrokenPart(loss);
      if (broken === undefined) break;
      this.state.set(before);
      // A gradient that overflows only because it is scaled.
      if (!Number.isFinite(loss) || !this.lossScale?.halve()) throw await this.#explain(broken, arrays, drawnAt, step);
      loss = await this.#runParts(arrays, drawnAt, step);
    }
    if (this.lossScale) this.#flat.scaleGradients(1 / this.lossScale.value);
    return loss;
  }

  /** What a step that is not finished has to take back: the function does. */
  remember(): () => void {
    const [state, scale] = [this.state.slice(), this.lossScale?.state.slice()];
    return () => {
      this.state.set(state);
      if (scale) this.lossScale!.state.set(scale);
    };
  }

  async release(): Promise<void> {
    await this.#local.release();
    await Promise.all(this.#remote.map((each) => each.release()));
  }

  /** Runs all parts; the state moves on. */
  async #runParts(batch: number, drawnAt: number, step: number): Promise<number> {
    if (this.#shared) {
      this.#shared.parameters.set(this.#flat.parameters);
      this.#shared.state.set(this.state);
    }
    const scale = this.lossScale?.value ?? 1;
    const remote = this.#remote.map((each) => each.run(batch, drawnAt, scale));
    const [local, ...others] = await Promise.allSettled([this.#local.run(batch, drawnAt, scale), ...remote]);
    const losses = [local, ...others].map((each) => {
      if (each.status === 'fulfilled') return each.value;
      if (isModelkeepError(each.reason)) throw each.reason;
      const reason = each.reason instanceof Error ? each.reason.message : String(each.reason);
      throw new ModelkeepError('MK_COMPILER_RUN_FAILED', { step, reason }, { cause: each.reason });
    });
    this.#remote.forEach((each, at) => this.#flat.gradients[at + 1]!.set(each.gradients));
    const next = [this.#local.nextState, ...this.#remote.map((each) => each.nextState)];
    for (let at = 0; at < this.state.length; at++) this.state[at] = next.reduce((sum, each) => sum + each[at]!, 0) / next.length;
    return losses.reduce((sum, each) => sum + each, 0);
  }

  #firstBrokenPart(loss: number): number | undefined {
    const { kernels, gradients } = this.#flat;
    // The sum is three times as quick; it is also infinite where squares leave the range of float32.
    const broken = gradients.findIndex((each) => !Number.isFinite(kernels.sumOfSquares(each)) && kernels.firstNotFinite(each) >= 0);
    if (broken >= 0) return broken;
    return Number.isFinite(loss) && this.state.every((each) => Number.isFinite(each)) ? undefined : 0;
  }

  /** Looks for the node in the broken part first, then in the others. */
  async #explain(broken: number, batch: number, drawnAt: number, step: number): Promise<ModelkeepError> {
    const { compiled, runtime, seed, frozen } = this.#settings;
    const parameters = this.#flat.views(this.#flat.parameters);
    const parts = this.#remote.length + 1;
    for (const part of [broken, ...this.#flat.gradients.keys()]) {
      const found = await findNotFinite({
        runtime,
        compiled,
        seed,
        drawnAt,
        part,
        parts,
        step,
        weights: {
          ...Object.fromEntries([...parameters, ...Object.entries(frozen), ...this.stateViews()]),
          [stepNames.lossScale]: Float32Array.of(this.lossScale?.value ?? 1),
        },
        rows: partOf(this.#queue.arrays[batch]!, part, parts),
        rowNumbers: this.#queue.rowNumbers[batch]!.subarray(part * compiled.batchSize),
      });
      if (found) return found;
    }
    return new ModelkeepError('MK_COMPILER_LOSS_NOT_FINITE', { step });
  }
}
