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
import { PassHelper } from './PassHelper.ts';
import { copyRows } from './RowTables.ts';
import { sharedFloats, sharedIntegers, takesSharedMemory } from './sharedMemory.ts';
import { dismiss, stateLength, WorkerPart, type TrainingWorker } from './workerPart.ts';

export interface BatchGradientsSettings {
  readonly runtime: Runtime;
  readonly compiled: CompiledGradients;
  readonly optimizer: OptimizerSettings;
  readonly session: SessionSettings | undefined;
  readonly seed: number;
  readonly workers: readonly TrainingWorker[];
  readonly helpers?: readonly TrainingWorker[];
  readonly frozen: Readonly<Record<string, Float32Array>>;
}

/** What workers read. */
interface Shared {
  readonly parameters: Float32Array;
  readonly state: Float32Array<SharedArrayBuffer>;
}

export interface LostWorker {
  readonly worker: number;
  readonly reason: string;
}

/** Gradients of whole batches: this thread and the workers each take their part, the sum lies in the first of the flat gradients. */
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
  readonly #helpers: readonly PassHelper[];
  readonly #shared: Shared | undefined;
  /** By part, for threads that are gone. */
  readonly #inPlace = new Map<number, GradientSession>();

  /** Throws MK_COMPILER_WORKER_LOST when a worker does not start, and what the runtime throws for the graph; all workers are ended then. */
  static async create(settings: BatchGradientsSettings, flat: FlatParameters, queue: BatchQueue): Promise<BatchGradients> {
    const { compiled, session, seed, frozen, runtime, workers, optimizer } = settings;
    const parts = workers.length + 1;
    const passes = flat.kernels.team?.memory;
    const inPlace = (vector: Float32Array): Float32Array => (passes ? vector : sharedFloats(vector.length));
    const shared = parts > 1 ? { parameters: inPlace(flat.parameters), state: sharedFloats(stateLength(compiled)) } : undefined;
    const sharesRows = Object.values(queue.arrays[0]!).some((each) => !(each.buffer instanceof ArrayBuffer));
    const takesShared = sharesRows && (await takesSharedMemory(runtime));
    const common = { compiled, session, seed, parts, frozen, batches: queue.arrays, takesShared };
    const starting = workers.map((worker, at) => {
      const gradients = inPlace(flat.gradients[at + 1]!);
      const asRows = flat.rowTables?.parts[at + 1];
      const rows = passes || !asRows ? asRows : { rows: inPlace(asRows.rows), indices: sharedIntegers(asRows.indices.length) };
      return WorkerPart.start({ ...common, ...shared!, gradients, rows, passes, optimizer, worker, part: at + 1 });
    });
    const started = await Promise.allSettled(starting);
    const remote = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const release = (): Promise<unknown> => Promise.all(remote.map((each) => each.release()));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed) {
      await release();
      throw failed.reason;
    }
    const local = await GradientSession.create({
      ...common,
      runtime,
      part: 0,
      parameters: flat.views(flat.parameters),
      gradients: flat.views(flat.gradients[0]!),
      rows: flat.rowTables?.parts[0],
    }).catch(async (error: unknown) => {
      await release();
      throw error;
    });
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
    const passes = flat.kernels.team?.memory;
    const helpers = settings.helpers ?? [];
    // Those that have nothing to do end.
    if (!passes || !PassHelper.gains(flat.length)) helpers.forEach(dismiss);
    this.#helpers = passes && PassHelper.gains(flat.length) ? helpers.map((each) => new PassHelper(each, passes)) : [];
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
      if (this.#sumIsFinite() && Number.isFinite(loss) && this.state.every((each) => Number.isFinite(each))) break;
      this.state.set(before);
      // A gradient that overflows only because it is scaled.
      if (!Number.isFinite(loss) || !this.lossScale?.halve()) throw await this.#explain(arrays, drawnAt, step);
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

  /** Threads go back to waiting for a run. They would do so by themselves later. */
  endPasses(): void {
    this.#flat.kernels.team?.closeRound();
  }

  /** Threads that ended by themselves; their parts are computed in this thread. Counted from 2, since this thread is the first. */
  get lostWorkers(): readonly LostWorker[] {
    return this.#remote.flatMap(({ ended }, at) => (ended === undefined ? [] : [{ worker: at + 2, reason: ended }]));
  }

  async release(): Promise<void> {
    this.endPasses();
    await Promise.all([this.#local, ...this.#remote, ...this.#helpers, ...this.#inPlace.values()].map((each) => each.release()));
  }

  /** Runs all parts; the state moves on. Threads that are through stay for the passes over the gradients (`PassTeam`). */
  async #runParts(batch: number, drawnAt: number, step: number): Promise<number> {
    const { team } = this.#flat.kernels;
    if (this.#shared) {
      if (!team) this.#shared.parameters.set(this.#flat.parameters);
      this.#shared.state.set(this.state);
    }
    const round = team?.openRound() ?? 0;
    const scale = this.lossScale?.value ?? 1;
    const running = this.#remote.map((each) =>
      each.ended === undefined ? each.run({ batch, step: drawnAt, lossScale: scale, round }) : undefined,
    );
    // All threads have ended their run before anything is thrown: they write shared vectors.
    const [local, ...others] = await Promise.allSettled([this.#local.run(batch, drawnAt, scale), ...running]);
    for (const each of this.#helpers) each.help(round);
    let loss = lossOf(local, step);
    const next: Float32Array[] = [this.#local.nextState];
    for (const [at, other] of others.entries()) {
      const remote = this.#remote[at]!;
      if (remote.ended === undefined) {
        loss += lossOf(other as PromiseSettledResult<number>, step);
        if (!team) {
          this.#flat.gradients[at + 1]!.set(remote.gradients);
          if (remote.rows) copyRows(remote.rows, this.#flat.rowTables!.parts[at + 1]!);
        }
        next.push(remote.nextState);
      } else {
        const inPlace = await this.#inPlaceOf(at + 1);
        inPlace.state.set(this.state);
        const [own] = await Promise.allSettled([inPlace.run(batch, drawnAt, scale)]);
        loss += lossOf(own, step);
        next.push(inPlace.nextState);
      }
    }
    for (let at = 0; at < this.state.length; at++) this.state[at] = next.reduce((sum, each) => sum + each[at]!, 0) / next.length;
    return loss;
  }

  /** The part of a thread that is gone, in this thread: the same graph on the same rows, so the same bits. */
  async #inPlaceOf(part: number): Promise<GradientSession> {
    const known = this.#inPlace.get(part);
    if (known) return known;
    const { compiled, session, seed, frozen, runtime } = this.#settings;
    const made = await GradientSession.create({
      compiled,
      session,
      seed,
      frozen,
      runtime,
      part,
      parts: this.#remote.length + 1,
      batches: this.#queue.arrays,
      parameters: this.#flat.views(this.#flat.parameters),
      gradients: this.#flat.views(this.#flat.gradients[part]!),
      rows: this.#flat.rowTables?.parts[part],
    });
    this.#inPlace.set(part, made);
    return made;
  }

  /** Adds up the parts: one pass over the sum sees what is not finite in any of them, and gives the norm as well. */
  #sumIsFinite(): boolean {
    const { kernels, gradients } = this.#flat;
    return Number.isFinite(this.#flat.sumParts()) || kernels.firstNotFinite(gradients[0]!) < 0;
  }

  /** Looks for the node in all parts. */
  async #explain(batch: number, drawnAt: number, step: number): Promise<ModelkeepError> {
    const { compiled, runtime, seed, frozen } = this.#settings;
    const parameters = this.#flat.views(this.#flat.parameters);
    const parts = this.#remote.length + 1;
    for (const part of this.#flat.gradients.keys()) {
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

function lossOf(part: PromiseSettledResult<number>, step: number): number {
  if (part.status === 'fulfilled') return part.value;
  if (isModelkeepError(part.reason)) throw part.reason;
  const reason = part.reason instanceof Error ? part.reason.message : String(part.reason);
  throw new ModelkeepError('MK_COMPILER_RUN_FAILED', { step, reason }, { cause: part.reason });
}
