import { ModelkeepError, isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { stepNames } from '../../3-differentiate/differentiate.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import { averageSlot } from '../../optimizers/weightAverage.ts';
import { trainingNames } from '../../5-emit/emitTraining.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { FloatArray, Runtime, RuntimeSession, SessionSettings } from '../runtime.ts';
import type { RunReport } from '../Trainer.ts';
import { checkTrainingData, type RowArray, type TrainingData } from '../trainingData.ts';
import { BatchQueue } from './BatchQueue.ts';
import { findNotFinite } from './findNotFinite.ts';
import { FlatParameters } from './FlatParameters.ts';
import { GradientSession } from './GradientSession.ts';
import { LossScale } from './LossScale.ts';
import { partOf, rowsInMemory, type RowLoader } from './rowLoader.ts';
import { sharedFloats, stateLength, WorkerPart, type TrainingWorker } from './workerPart.ts';

export interface GradientTrainerSettings {
  readonly runtime: Runtime;
  readonly compiled: CompiledGradients;
  readonly optimizer: OptimizerSettings;
  /** Rows in memory, or a loader. */
  readonly data: TrainingData | RowLoader;
  /** With a loader: weight of each row in the loss, `[rowCount]`; should average 1. */
  readonly rowWeights?: FloatArray;
  /** From `initialWeights`, or of an earlier training. Copied. */
  readonly weights: Readonly<Record<string, FloatArray>>;
  /** Constant, or by step (counted from 1), see `optimizers/schedules.ts`. */
  readonly learningRate: number | ((step: number) => number);
  /** Decides the order of rows, what Dropout drops, and what loaders draw. Integer ≥ 0. */
  readonly seed: number;
  /** Milliseconds from any origin; only chooses how much one run does. */
  readonly nowMs: () => number;
  /** A run ends after the step that passes this. Default 250. */
  readonly runMs?: number;
  /** Batches whose gradients are averaged for one update. Default 1. */
  readonly accumulate?: number;
  readonly session?: SessionSettings;
  /**
   * Threads beside this one, each taking an equal part of every batch: with n of them a batch has (n + 1) · `compiled.batchSize`
   * rows. The same number of threads gives the same bits; another number rounds differently. Running statistics are averaged.
   */
  readonly workers?: readonly TrainingWorker[];
}

export interface GradientReport extends RunReport {
  /** Norm of the gradient of each step, before clipping. */
  readonly gradientNorms: Float64Array;
}

/** As `Trainer` does, and for the same reason. */
const stepsBetweenCleanings = 128;

/**
 * Trains networks whose steps take milliseconds or more: the graph gives gradients, the optimizer runs as WebAssembly over one
 * flat vector, batches are loaded while the one before is trained on, and threads may share a batch. Stops and resumes between
 * steps with the same result bit for bit (same compiled graph, data, seed, number of threads, runtime and processor kind).
 *
 * `train` and `runOnce` throw, with the weights still those before the step: MK_COMPILER_VALUE_NOT_FINITE naming the first bad
 * node, MK_COMPILER_DATA_NOT_FINITE, MK_COMPILER_LOSS_NOT_FINITE where neither is found; MK_COMPILER_RUN_FAILED when the
 * runtime or its device gives up; MK_COMPILER_WORKER_LOST. Loss scaling happens
 * with `precision: 'mixed'` only: float32 gradients do not need it.
 *
 * ```ts
 * const compiled = compileGradients({ forward: network.graph, parameters: network.parameters, loss, batchSize: 64, microBatch: 16 });
 * const trainer = await GradientTrainer.create({ runtime, compiled, optimizer: { kind: 'adam' }, data, weights, learningRate: 1e-3, seed: 1, nowMs });
 * for await (const run of trainer.train({ epochs: 3 })) show(run.losses);
 * ```
 */
export class GradientTrainer {
  readonly #settings: GradientTrainerSettings;
  readonly #rowCount: number;
  readonly #queue: BatchQueue;
  readonly #flat: FlatParameters;
  readonly #views: Map<string, Float32Array>;
  readonly #frozen: Readonly<Record<string, Float32Array>>;
  readonly #state: Float32Array;
  readonly #local: GradientSession;
  readonly #remote: readonly WorkerPart[];
  /** What workers read. */
  readonly #shared: Shared | undefined;
  /** With mixed precision. */
  readonly #lossScale: LossScale | undefined;
  #step = 0;
  #epoch = 0;
  #batchInEpoch = 0;
  #busy = false;
  #forward: RuntimeSession | undefined;

  /** Throws MK_COMPILER_TRAINING_DATA_INVALID, MK_COMPILER_SETTING_INVALID or MK_KERNELS_MEMORY_EXCEEDED. */
  static async create(settings: GradientTrainerSettings): Promise<GradientTrainer> {
    const { compiled, workers = [], accumulate = 1, optimizer, seed, runtime, session, data } = settings;
    if (!Number.isSafeInteger(accumulate) || accumulate < 1)
      throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
        setting: 'accumulate',
        value: accumulate,
        expected: 'a whole number from 1',
      });
    if (!('load' in data)) checkTrainingData(compiled, data);
    const parts = workers.length + 1;
    const flat = new FlatParameters(compiled.parameters, optimizer, parts, accumulate > 1);
    const frozen = Object.fromEntries(compiled.frozen.map(({ name, shape }) => [name, given(settings.weights, name, elementCount(shape))]));
    const loader = 'load' in data ? data : rowsInMemory(data, compiled);
    const rowWeights = settings.rowWeights ?? ('load' in data ? undefined : data.rowWeights);
    const queue = new BatchQueue({ compiled, loader, rowWeights, seed, parts });
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
    return new GradientTrainer(settings, loader.rowCount, queue, flat, local, remote, frozen, shared);
  }

  private constructor(
    settings: GradientTrainerSettings,
    rowCount: number,
    queue: BatchQueue,
    flat: FlatParameters,
    local: GradientSession,
    remote: readonly WorkerPart[],
    frozen: Readonly<Record<string, Float32Array>>,
    shared: Shared | undefined,
  ) {
    const { compiled, weights } = settings;
    this.#settings = settings;
    this.#rowCount = rowCount;
    this.#queue = queue;
    this.#flat = flat;
    this.#lossScale = compiled.precision === 'mixed' ? new LossScale() : undefined;
    this.#views = flat.views(flat.parameters);
    this.#frozen = frozen;
    this.#local = local;
    this.#remote = remote;
    this.#shared = shared;
    this.#state = local.state;
    const forwardNames = new Set(compiled.weightNames);
    // A parameter that the loss added starts at 0 unless it is given.
    for (const [name, view] of [...this.#views, ...this.#stateViews()])
      if (forwardNames.has(name) || weights[name]) view.set(given(weights, name, view.length));
  }

  /** Rows of one batch, over all threads. */
  get batchRows(): number {
    return this.#queue.batchRows;
  }

  get batchesPerEpoch(): number {
    return this.#queue.batchesPerEpoch;
  }

  /** Updates made so far. */
  get step(): number {
    return this.#step;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Trains until `epochs` are done in all (also those before a restore) or `shouldStop` says so; asked between runs. */
  async *train({ epochs, shouldStop = () => false }: { epochs: number; shouldStop?: () => boolean }): AsyncGenerator<GradientReport, void> {
    while (this.#epoch < epochs && !shouldStop()) yield await this.runOnce();
  }

  /** Steps until `runMs` have passed, `maxSteps` are made or the epoch ends; at least one. */
  async runOnce(maxSteps = Infinity): Promise<GradientReport> {
    if (this.#busy) throw new Error('A run is under way.');
    this.#busy = true;
    const { nowMs, runMs = 250 } = this.#settings;
    const started = nowMs();
    const losses: number[] = [];
    const norms: number[] = [];
    const epoch = this.#epoch;
    try {
      do {
        const { loss, norm } = await this.#oneStep();
        losses.push(loss);
        norms.push(norm);
      } while (losses.length < maxSteps && this.#epoch === epoch && nowMs() - started < runMs);
    } finally {
      this.#busy = false;
    }
    const epochDone = this.#epoch !== epoch;
    return {
      epoch,
      step: this.#step,
      batchInEpoch: epochDone ? this.batchesPerEpoch : this.#batchInEpoch,
      batchesPerEpoch: this.batchesPerEpoch,
      epochDone,
      losses: Float32Array.from(losses),
      gradientNorms: Float64Array.from(norms),
      elapsedMs: nowMs() - started,
    };
  }

  /** Copies of parameters, frozen weights and running state: what `compileInference` needs. */
  weights(): Record<string, Float32Array> {
    return Object.fromEntries(
      [...this.#views, ...Object.entries(this.#frozen), ...this.#stateViews()].map(([name, each]) => [name, each.slice()]),
    );
  }

  /** The same with the averages of the parameters that the optimizer's `average` keeps. */
  averagedWeights(): Record<string, Float32Array> {
    const averages = new Map(this.#flat.slots.filter(({ name }) => name === averageSlot).map(({ key, values }) => [key, values]));
    if (averages.size === 0) throw new Error('The optimizer keeps no average; set `average`.');
    return Object.fromEntries(
      Object.entries(this.weights()).map(([name, each]) => [name, averages.get(trainingNames.slot(averageSlot, name))?.slice() ?? each]),
    );
  }

  /** The first output (or the one named) `[rowCount, …]` of the network as it is served, with the present or the given weights. */
  async predict(
    inputs: Readonly<Record<string, RowArray>>,
    rowCount: number,
    { output, weights = this.weights() }: { output?: string; weights?: Readonly<Record<string, Float32Array>> } = {},
  ): Promise<FloatArray> {
    const { compiled, runtime, session } = this.#settings;
    this.#forward ??= await runtime.createSession(compiled.forwardBytes, session);
    const wanted = output ?? compiled.predictions[0]!.name;
    const served = [...compiled.parameters, ...compiled.frozen, ...compiled.state].filter(({ name }) =>
      compiled.weightNames.includes(name),
    );
    const result = await this.#forward.run(
      Object.fromEntries([
        ...compiled.dataInputs.map(({ name, shape, dtype }) => [name, runtime.tensor(dtype, inputs[name]!, [rowCount, ...shape])]),
        ...served.map(({ name, shape }) => [name, runtime.tensor('float32', weights[name]!, shape)]),
      ]),
      { [wanted]: null },
    );
    return result[wanted]!.data as FloatArray;
  }

  /**
   * Loss and gradient over all rows at the given parameters, one after the other in the order of `compiled.parameters`, without
   * an update: for `minimizeLbfgs`. The trainer's parameters become those given. Dropout drops the same in every call.
   */
  async lossAndGradient(parameters: Float64Array): Promise<{ loss: number; gradient: Float64Array }> {
    this.#writeParameters(parameters);
    const gradient = new Float64Array(parameters.length);
    const rows = Int32Array.from({ length: this.#rowCount }, (_, row) => row);
    let loss = 0;
    for (let first = 0; first < rows.length; first += this.batchRows) {
      const batchRows = rows.subarray(first, first + this.batchRows);
      await this.#queue.loadRows(batchRows);
      const batchLoss = await this.#gradients(0, 0);
      const share = batchRows.length / rows.length;
      loss += share * batchLoss;
      this.#flat.collect(true);
      let at = 0;
      const views = this.#flat.views(this.#flat.gradients[0]!);
      for (const { name } of this.#settings.compiled.parameters) for (const each of views.get(name)!) gradient[at++]! += share * each;
    }
    return { loss, gradient };
  }

  /** All parameters in the order of `compiled.parameters`, as `lossAndGradient` takes them. */
  parametersInOrder(): Float64Array {
    return Float64Array.from(this.#settings.compiled.parameters.flatMap(({ name }) => [...this.#views.get(name)!]));
  }

  /** A copy of everything that the rest of the training depends on; made between runs. `Trainer` reads it too. */
  checkpoint(): Checkpoint {
    const { seed } = this.#settings;
    return {
      seed,
      step: this.#step,
      epoch: this.#epoch,
      batchInEpoch: this.#batchInEpoch,
      rowCount: this.#rowCount,
      tensors: Object.fromEntries(this.#carried().map(([name, each]) => [name, each.slice()])),
    };
  }

  /** Goes on from a checkpoint. Throws MK_COMPILER_CHECKPOINT_INVALID when it is of another network, seed or number of rows. */
  restore(checkpoint: Checkpoint): void {
    const refuse = (reason: string): never => {
      throw new ModelkeepError('MK_COMPILER_CHECKPOINT_INVALID', { reason });
    };
    const { seed } = this.#settings;
    if (checkpoint.seed !== seed) refuse(`its seed is ${checkpoint.seed}, not ${seed}`);
    if (checkpoint.rowCount !== this.#rowCount) refuse(`it was trained on ${checkpoint.rowCount} rows, not ${this.#rowCount}`);
    for (const [name, each] of this.#carried())
      if (checkpoint.tensors[name]?.length !== each.length) refuse(`"${name}" is missing or has another size`);
    for (const [name, each] of this.#carried()) each.set(checkpoint.tensors[name]!);
    this.#step = checkpoint.step;
    this.#epoch = checkpoint.epoch;
    this.#batchInEpoch = checkpoint.batchInEpoch;
  }

  async release(): Promise<void> {
    await this.#queue.settle();
    await this.#local.release();
    await Promise.all(this.#remote.map((each) => each.release()));
    await this.#forward?.release();
  }

  async #oneStep(): Promise<{ loss: number; norm: number }> {
    const { accumulate = 1, learningRate } = this.#settings;
    const batches = Math.min(accumulate, this.batchesPerEpoch - this.#batchInEpoch);
    const before = this.#state.slice();
    let loss = 0;
    try {
      for (let batch = 0; batch < batches; batch++) {
        loss += (await this.#oneBatch(this.#batchInEpoch + batch)) / batches;
        this.#flat.collect(batch === 0);
      }
    } catch (error) {
      this.#state.set(before);
      throw error;
    }
    const norm = this.#flat.gradientNorm(batches);
    this.#lossScale?.succeed();
    this.#step++;
    this.#flat.update(this.#step, typeof learningRate === 'number' ? learningRate : learningRate(this.#step), batches, norm);
    if (this.#step % stepsBetweenCleanings === 0) this.#flat.zeroSmallState();
    this.#batchInEpoch += batches;
    if (this.#batchInEpoch === this.batchesPerEpoch) {
      this.#epoch++;
      this.#batchInEpoch = 0;
    }
    return { loss, norm };
  }

  /** Gradients of one batch, in the flat vectors of the parts, while the next batch is loaded. */
  async #oneBatch(batch: number): Promise<number> {
    const arrays = await this.#queue.take(this.#epoch, batch);
    const drawnAt = this.#epoch * this.batchesPerEpoch + batch;
    const state = this.#state.slice();
    const running = this.#gradients(arrays, drawnAt);
    this.#queue.prefetchAfter(this.#epoch, batch);
    let loss = await running;
    for (;;) {
      const broken = this.#firstBrokenPart(loss);
      if (broken === undefined) break;
      this.#state.set(state);
      // A gradient that overflows only because it is scaled.
      if (!Number.isFinite(loss) || !this.#lossScale?.halve()) throw await this.#explain(broken, arrays, drawnAt);
      loss = await this.#gradients(arrays, drawnAt);
    }
    if (this.#lossScale) this.#flat.scaleGradients(1 / this.#lossScale.value);
    return loss;
  }

  /** Runs all parts; the state moves on. */
  async #gradients(batch: number, drawnAt: number): Promise<number> {
    if (this.#shared) {
      this.#shared.parameters.set(this.#flat.parameters);
      this.#shared.state.set(this.#state);
    }
    const scale = this.#lossScale?.value ?? 1;
    const remote = this.#remote.map((each) => each.run(batch, drawnAt, scale));
    const [local, ...others] = await Promise.allSettled([this.#local.run(batch, drawnAt, scale), ...remote]);
    const losses = [local, ...others].map((each) => {
      if (each.status === 'fulfilled') return each.value;
      if (isModelkeepError(each.reason)) throw each.reason;
      const reason = each.reason instanceof Error ? each.reason.message : String(each.reason);
      throw new ModelkeepError('MK_COMPILER_RUN_FAILED', { step: this.#step + 1, reason }, { cause: each.reason });
    });
    this.#remote.forEach((each, at) => this.#flat.gradients[at + 1]!.set(each.gradients));
    const next = [this.#local.nextState, ...this.#remote.map((each) => each.nextState)];
    for (let at = 0; at < this.#state.length; at++) this.#state[at] = next.reduce((sum, each) => sum + each[at]!, 0) / next.length;
    return losses.reduce((sum, each) => sum + each, 0);
  }

  #firstBrokenPart(loss: number): number | undefined {
    const { kernels, gradients } = this.#flat;
    // The sum is three times as quick; it is also infinite where squares leave the range of float32.
    const broken = gradients.findIndex((each) => !Number.isFinite(kernels.sumOfSquares(each)) && kernels.firstNotFinite(each) >= 0);
    if (broken >= 0) return broken;
    return Number.isFinite(loss) && this.#state.every((each) => Number.isFinite(each)) ? undefined : 0;
  }

  /** Looks for the node in the broken part first, then in the others. */
  async #explain(broken: number, batch: number, drawnAt: number): Promise<ModelkeepError> {
    const { compiled, runtime, seed } = this.#settings;
    const parts = this.#remote.length + 1;
    for (const part of [broken, ...this.#flat.gradients.keys()]) {
      const found = await findNotFinite({
        runtime,
        compiled,
        seed,
        drawnAt,
        part,
        parts,
        step: this.#step + 1,
        weights: {
          ...Object.fromEntries([...this.#views, ...Object.entries(this.#frozen), ...this.#stateViews()]),
          [stepNames.lossScale]: Float32Array.of(this.#lossScale?.value ?? 1),
        },
        rows: partOf(this.#queue.arrays[batch]!, part, parts),
        rowNumbers: this.#queue.rowNumbers[batch]!.subarray(part * compiled.batchSize),
      });
      if (found) return found;
    }
    return new ModelkeepError('MK_COMPILER_LOSS_NOT_FINITE', { step: this.#step + 1 });
  }

  #writeParameters(values: Float64Array): void {
    let at = 0;
    for (const { name } of this.#settings.compiled.parameters) {
      const view = this.#views.get(name)!;
      view.set(values.subarray(at, at + view.length));
      at += view.length;
    }
  }

  #stateViews(): [string, Float32Array][] {
    let next = 0;
    return this.#settings.compiled.state.map(({ name, shape }) => {
      const start = next;
      next += elementCount(shape);
      return [name, this.#state.subarray(start, next)];
    });
  }

  /** Everything in a checkpoint, in place. */
  #carried(): [string, Float32Array][] {
    const scale: [string, Float32Array][] = this.#lossScale ? [[stepNames.lossScale, this.#lossScale.state]] : [];
    return [
      ...scale,
      ...this.#views,
      ...this.#flat.slots.map(({ key, values }): [string, Float32Array] => [key, values]),
      ...this.#stateViews(),
    ];
  }
}

interface Shared {
  readonly parameters: Float32Array<SharedArrayBuffer>;
  readonly state: Float32Array<SharedArrayBuffer>;
}

function given(weights: Readonly<Record<string, FloatArray>>, name: string, length: number): Float32Array {
  const values = weights[name];
  if (values?.length !== length) throw new Error(`"${name}" takes ${length} numbers, not ${values?.length ?? 'nothing'}.`);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
