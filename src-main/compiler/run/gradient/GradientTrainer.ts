import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { stepNames } from '../../3-differentiate/differentiate.ts';
import { elementCount } from '../../onnx/graph.ts';
import { averageSlot } from '../../optimizers/weightAverage.ts';
import { trainingNames } from '../../5-emit/emitTraining.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { streamKey } from '../counterRandom.ts';
import { fillNormal } from '../noise.ts';
import type { FloatArray, RuntimeSession } from '../runtime.ts';
import type { ShouldStop } from '../shouldStop.ts';
import { checkTrainingData, type RowArray } from '../trainingData.ts';
import { BatchGradients, type LostWorker } from './BatchGradients.ts';
import { BatchQueue } from './BatchQueue.ts';
import { FlatParameters } from './FlatParameters.ts';
import type { GradientReport, GradientTrainerSettings } from './gradientTraining.ts';
import { rowsInMemory } from './rowLoader.ts';
import { takesSharedMemory } from './sharedMemory.ts';
import { dismiss } from './workerPart.ts';

/** As `Trainer` does, and for the same reason. */
const stepsBetweenCleanings = 128;
const noiseStream = 3;

/**
 * Trains networks whose steps take milliseconds or more: the graph gives gradients, the optimizer runs as WebAssembly over one
 * flat vector, batches are loaded while the one before is trained on, and threads may share a batch. Stops and resumes between
 * steps with the same result bit for bit (same compiled graph, data, seed, number of threads, runtime and processor kind).
 *
 * `train` and `runOnce` throw, with the weights still those before the step (steps of the same run are reported first):
 * MK_COMPILER_VALUE_NOT_FINITE naming the first bad node, MK_COMPILER_DATA_NOT_FINITE, MK_COMPILER_LOSS_NOT_FINITE where neither is
 * found; MK_COMPILER_RUN_FAILED when the runtime or its device gives up (`DeviceTrainer` goes on with another). A thread that ends is
 * no failure: see `lostWorkers`. Loss scaling happens with `precision: 'mixed'` only: float32 gradients do not need it.
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
  readonly #gradients: BatchGradients;
  readonly #views: Map<string, Float32Array>;
  readonly #frozen: Readonly<Record<string, Float32Array>>;
  #step = 0;
  #epoch = 0;
  #batchInEpoch = 0;
  #running: Promise<unknown> | undefined;
  /** Of the step after those that the last run reported. */
  #failure: { readonly error: unknown } | undefined;
  #forward: RuntimeSession | undefined;

  /** Throws MK_COMPILER_TRAINING_DATA_INVALID, MK_COMPILER_SETTING_INVALID, MK_KERNELS_MEMORY_EXCEEDED, or MK_COMPILER_WORKER_LOST when a thread does not start. */
  static async create(settings: GradientTrainerSettings): Promise<GradientTrainer> {
    try {
      return await GradientTrainer.#open(settings);
    } catch (error) {
      [...(settings.workers ?? []), ...(settings.helpers ?? [])].forEach(dismiss);
      throw error;
    }
  }

  static async #open(settings: GradientTrainerSettings): Promise<GradientTrainer> {
    const { compiled, workers = [], helpers = [], accumulate = 1, optimizer, seed, runtime, session, data } = settings;
    if (!Number.isSafeInteger(accumulate) || accumulate < 1)
      throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
        setting: 'accumulate',
        value: accumulate,
        expected: 'a whole number from 1',
      });
    if (compiled.privacy) refuseParts(workers.length, accumulate);
    if (!('load' in data)) checkTrainingData(compiled, data);
    const parts = workers.length + 1;
    const shared = parts + helpers.length > 1 && (await takesSharedMemory(runtime));
    const flat = new FlatParameters({
      specs: compiled.parameters,
      optimizer,
      parts,
      accumulates: accumulate > 1,
      rowTables: compiled.rowTables,
      shared,
    });
    const frozen = Object.fromEntries(compiled.frozen.map(({ name, shape }) => [name, given(settings.weights, name, elementCount(shape))]));
    const loader = 'load' in data ? data : rowsInMemory(data, compiled);
    const rowWeights = settings.rowWeights ?? ('load' in data ? undefined : data.rowWeights);
    const queue = new BatchQueue({ compiled, loader, rowWeights, seed, parts });
    const gradients = await BatchGradients.create({ compiled, optimizer, seed, runtime, session, workers, helpers, frozen }, flat, queue);
    return new GradientTrainer(settings, loader.rowCount, queue, flat, gradients, frozen);
  }

  private constructor(
    settings: GradientTrainerSettings,
    rowCount: number,
    queue: BatchQueue,
    flat: FlatParameters,
    gradients: BatchGradients,
    frozen: Readonly<Record<string, Float32Array>>,
  ) {
    const { compiled, weights } = settings;
    this.#settings = settings;
    this.#rowCount = rowCount;
    this.#queue = queue;
    this.#flat = flat;
    this.#gradients = gradients;
    this.#views = flat.views(flat.parameters);
    this.#frozen = frozen;
    const forwardNames = new Set(compiled.weightNames);
    // A parameter that the loss added starts at 0 unless it is given.
    for (const [name, view] of [...this.#views, ...gradients.stateViews()])
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

  /** Runs of the graph that make one step: after each, a stop is possible. */
  get runsPerStep(): number {
    return this.#settings.accumulate ?? 1;
  }

  /** Threads that ended by themselves. Their part of each batch, also of the one that they died in, is computed here: slower, the same bits. */
  get lostWorkers(): readonly LostWorker[] {
    return this.#gradients.lostWorkers;
  }

  /**
   * Trains until `epochs` are done in all (also those before a restore) or `shouldStop` says so. A step of several runs is given up
   * between two of them: weights, optimizer, running statistics and position are those before it.
   */
  async *train({ epochs, shouldStop = () => false }: { epochs: number; shouldStop?: ShouldStop }): AsyncGenerator<GradientReport, void> {
    while (this.#epoch < epochs && !(await shouldStop())) {
      const report = await this.runOnce(Infinity, shouldStop);
      if (report.losses.length > 0) yield report;
      if (report.gaveUp) return;
    }
  }

  /** Steps until `runMs` have passed, `maxSteps` are made or the epoch ends; at least one, unless `shouldStop` gives it up. */
  async runOnce(maxSteps = Infinity, shouldStop: ShouldStop = () => false): Promise<GradientReport> {
    if (this.#running) throw new Error('A run is under way.');
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      throw error;
    }
    const run = this.#steps(maxSteps, shouldStop);
    this.#running = run;
    try {
      return await run;
    } finally {
      this.#running = undefined;
    }
  }

  /** Copies of parameters, frozen weights and running state: what `compileInference` needs. */
  weights(): Record<string, Float32Array> {
    return Object.fromEntries(
      [...this.#views, ...Object.entries(this.#frozen), ...this.#gradients.stateViews()].map(([name, each]) => [name, each.slice()]),
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
   * an update: for `minimizeLbfgs`. The trainer's parameters become those given. Dropout drops the same in every call. Throws
   * MK_JOB_CANCELLED when `shouldStop`, asked between batches, says so.
   */
  async lossAndGradient(parameters: Float64Array, shouldStop: ShouldStop = () => false): Promise<{ loss: number; gradient: Float64Array }> {
    if (this.#settings.compiled.privacy) throw new Error('Gradients over all rows without noise are not private.');
    this.#writeParameters(parameters);
    const gradient = new Float64Array(parameters.length);
    const rows = Int32Array.from({ length: this.#rowCount }, (_, row) => row);
    let loss = 0;
    for (let first = 0; first < rows.length; first += this.batchRows) {
      if (await shouldStop()) throw new ModelkeepError('MK_JOB_CANCELLED');
      const batchRows = rows.subarray(first, first + this.batchRows);
      await this.#queue.loadRows(batchRows);
      const batchLoss = await this.#gradients.run(0, 0, this.#step + 1);
      const share = batchRows.length / rows.length;
      loss += share * batchLoss;
      this.#flat.collect(true, 1);
      this.#gradients.endPasses();
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
    if (checkpoint.batchInEpoch > 0 && checkpoint.batchInEpoch >= this.batchesPerEpoch)
      refuse(`it stands at minibatch ${checkpoint.batchInEpoch} of an epoch that has ${this.batchesPerEpoch}`);
    for (const [name, each] of this.#carried())
      if (checkpoint.tensors[name]?.length !== each.length) refuse(`"${name}" is missing or has another size`);
    for (const [name, each] of this.#carried()) each.set(checkpoint.tensors[name]!);
    this.#flat.slotsWritten();
    this.#step = checkpoint.step;
    this.#epoch = checkpoint.epoch;
    this.#batchInEpoch = checkpoint.batchInEpoch;
    this.#failure = undefined;
  }

  /** Waits for a run that is under way. */
  async release(): Promise<void> {
    await this.#running?.catch(() => undefined);
    await this.#queue.settle();
    await this.#gradients.release();
    await this.#forward?.release();
  }

  async #steps(maxSteps: number, shouldStop: ShouldStop): Promise<GradientReport> {
    const { nowMs, runMs = 250 } = this.#settings;
    const started = nowMs();
    const losses: number[] = [];
    const norms: number[] = [];
    const epoch = this.#epoch;
    let gaveUp = false;
    do {
      const made = await this.#oneStep(shouldStop)
        .catch((error: unknown) => {
          if (losses.length === 0) throw error;
          this.#failure = { error };
          return undefined;
        })
        .finally(() => this.#gradients.endPasses());
      gaveUp = made === undefined && !this.#failure;
      if (!made) break;
      losses.push(made.loss);
      norms.push(made.norm);
    } while (losses.length < maxSteps && this.#epoch === epoch && nowMs() - started < runMs);
    const epochDone = this.#epoch !== epoch;
    return {
      epoch,
      step: this.#step,
      batchInEpoch: epochDone ? this.batchesPerEpoch : this.#batchInEpoch,
      batchesPerEpoch: this.batchesPerEpoch,
      epochDone,
      losses: Float32Array.from(losses),
      gradientNorms: Float64Array.from(norms),
      gaveUp,
      elapsedMs: nowMs() - started,
    };
  }

  /** Undefined when it was given up. */
  async #oneStep(shouldStop: ShouldStop): Promise<{ loss: number; norm: number } | undefined> {
    const { learningRate } = this.#settings;
    const first = this.#batchInEpoch;
    const batches = Math.min(this.runsPerStep, this.batchesPerEpoch - first);
    const stepRows = this.#rowsIn(first, batches);
    const undo = this.#gradients.remember();
    let loss = 0;
    try {
      for (let place = first; place < first + batches; place++) {
        if (place > first && (await shouldStop())) {
          undo();
          return undefined;
        }
        const arrays = await this.#queue.take(this.#epoch, place);
        const drawnAt = this.#epoch * this.batchesPerEpoch + place;
        const ofBatch = await this.#gradients.run(arrays, drawnAt, this.#step + 1, () => this.#queue.prefetchAfter(this.#epoch, place));
        const share = this.#rowsIn(place, 1) / stepRows;
        loss += share * ofBatch;
        this.#flat.collect(place === first, share);
      }
    } catch (error) {
      undo();
      throw error;
    }
    this.#addPrivacyNoise();
    const norm = this.#flat.gradientNorm();
    this.#gradients.lossScale?.succeed();
    this.#step++;
    this.#flat.update(this.#step, typeof learningRate === 'number' ? learningRate : learningRate(this.#step), norm);
    if (this.#step % stepsBetweenCleanings === 0) this.#flat.zeroSmallState();
    this.#batchInEpoch += batches;
    if (this.#batchInEpoch === this.batchesPerEpoch) {
      this.#epoch++;
      this.#batchInEpoch = 0;
    }
    return { loss, norm };
  }

  /** σ C / rows · noise for each parameter: the numbers that `Trainer` adds at the same step. */
  #addPrivacyNoise(): void {
    const { compiled, seed } = this.#settings;
    if (!compiled.privacy) return;
    const { clipNorm, noiseMultiplier } = compiled.privacy;
    const scale = (noiseMultiplier * clipNorm) / compiled.batchSize;
    const gradients = this.#flat.views(this.#flat.gradients[0]!);
    compiled.parameters.forEach(({ name }, at) => {
      const gradient = gradients.get(name)!;
      const noise = new Float32Array(gradient.length);
      fillNormal(noise, { offset: 0, scale }, streamKey(seed, noiseStream, compiled.noises.length + at, this.#step));
      for (let place = 0; place < noise.length; place++) gradient[place]! += noise[place]!;
    });
    this.#flat.gradientsChanged();
  }

  /** Rows of the data in so many batches of an epoch; the last batch may be filled up. */
  #rowsIn(firstBatch: number, batches: number): number {
    return Math.min(this.#rowCount, (firstBatch + batches) * this.batchRows) - firstBatch * this.batchRows;
  }

  #writeParameters(values: Float64Array): void {
    let at = 0;
    for (const { name } of this.#settings.compiled.parameters) {
      const view = this.#views.get(name)!;
      view.set(values.subarray(at, at + view.length));
      at += view.length;
    }
  }

  /** Everything in a checkpoint, in place. */
  #carried(): [string, Float32Array][] {
    const { lossScale } = this.#gradients;
    const scale: [string, Float32Array][] = lossScale ? [[stepNames.lossScale, lossScale.state]] : [];
    return [
      ...scale,
      ...this.#views,
      ...this.#flat.slots.map(({ key, values }): [string, Float32Array] => [key, values]),
      ...this.#gradients.stateViews(),
    ];
  }
}

/** A row's share of a step is part of a private graph. */
function refuseParts(workers: number, accumulate: number): void {
  for (const [setting, value, needed] of [
    ['workers', workers, 0],
    ['accumulate', accumulate, 1],
  ] as const)
    if (value !== needed)
      throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value, expected: `${needed} with privacy; use micro-batches` });
}

function given(weights: Readonly<Record<string, FloatArray>>, name: string, length: number): Float32Array {
  const values = weights[name];
  if (values?.length !== length) throw new Error(`"${name}" takes ${length} numbers, not ${values?.length ?? 'nothing'}.`);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
