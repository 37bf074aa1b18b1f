import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { stepNames } from '../../3-differentiate/differentiate.ts';
import { compileGradients, type CompiledGradients, type GradientSettings } from '../../compileGradients.ts';
import { elementCount, type Value } from '../../onnx/graph.ts';
import type { OptimizerSettings } from '../../optimizers/index.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { FloatArray, Runtime, SessionSettings } from '../runtime.ts';
import { checkTrainingData, type TrainingData } from '../trainingData.ts';
import { BatchGradients } from './BatchGradients.ts';
import { BatchQueue } from './BatchQueue.ts';
import { FlatParameters } from './FlatParameters.ts';
import { rowsInMemory } from './rowLoader.ts';
import { StepCache, type StepSizes } from './StepCache.ts';

export interface SizedTrainerSettings {
  readonly runtime: Runtime;
  /** As for `compileGradients`: `batchSize` and `bindings` are the usual sizes. */
  readonly step: GradientSettings;
  readonly optimizer: OptimizerSettings;
  readonly weights: Readonly<Record<string, FloatArray>>;
  readonly learningRate: number | ((step: number) => number);
  /** Decides what Dropout drops. Integer ≥ 0. */
  readonly seed: number;
  readonly session?: SessionSettings;
  /** Compiled steps with their sessions that are kept, one per combination of sizes. Default 8. */
  readonly limit?: number;
}

/** Rows of one update. */
export interface SizedBatch extends TrainingData {
  /** Sizes other than the usual ones; not needed where the length of an input tells them. */
  readonly bindings?: Readonly<Record<string, number>>;
}

export interface SizedReport {
  readonly loss: number;
  /** Norm of the gradient, before clipping. */
  readonly gradientNorm: number;
  /** What the batch ran as. */
  readonly sizes: StepSizes;
}

/** A step for one combination of sizes. */
interface Sized {
  readonly compiled: CompiledGradients;
  readonly queue: BatchQueue;
  readonly gradients: BatchGradients;
  /** Rows that the queue reads. */
  readonly rows: { now: TrainingData | undefined };
}

/** As `GradientTrainer` does, and for the same reason. */
const stepsBetweenCleanings = 128;

/**
 * Training on batches of changing sizes: a shorter last batch, sequences of another length, a larger image. A graph has fixed
 * sizes, so there is one per combination, compiled when it comes up and kept; weights, optimizer, running statistics and what
 * Dropout draws go on through all of them. Fewer rows than `step.batchSize` are filled up with a share of 0; more rows run as
 * micro-batches of it. Lengths are the caller's: a few of them (multiples of 16, say) make few compilations, and padding inside
 * a row is the network's own mask.
 *
 * ```ts
 * const trainer = await SizedTrainer.create({ runtime, step: { forward, parameters, loss, batchSize: 32, bindings: { tokens: 64 } }, optimizer, weights, learningRate: 1e-3, seed: 1 });
 * for (const { ids, labels } of batches) await trainer.trainBatch({ rowCount: labels.length, inputs: { ids }, targets: labels });
 * ```
 */
export class SizedTrainer {
  readonly #settings: SizedTrainerSettings;
  readonly #flat: FlatParameters;
  readonly #frozen: Readonly<Record<string, Float32Array>>;
  readonly #dataInputs: readonly Value[];
  readonly #cache: StepCache<Sized>;
  readonly #usual: StepSizes;
  /** Running statistics and loss scale, which belong to no size. */
  readonly #lasting = new Map<string, Float32Array>();
  #step = 0;
  #busy = false;

  /** Compiles the usual sizes. Throws as `compileGradients`, MK_COMPILER_SETTING_INVALID or MK_KERNELS_MEMORY_EXCEEDED. */
  static async create(settings: SizedTrainerSettings): Promise<SizedTrainer> {
    const { step, optimizer, weights, limit = 8 } = settings;
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting: 'limit', value: limit, expected: 'a whole number from 1' });
    const compiled = compileGradients({ ...step, rowGradients: false });
    const flat = new FlatParameters({ specs: compiled.parameters, optimizer, parts: 1, accumulates: false });
    for (const [name, view] of flat.views(flat.parameters))
      // A parameter that the loss added starts at 0 unless it is given.
      if (compiled.weightNames.includes(name) || weights[name]) view.set(given(weights, name, view.length));
    const trainer = new SizedTrainer(settings, flat, compiled);
    await trainer.#cache.at(trainer.#usual);
    return trainer;
  }

  private constructor(settings: SizedTrainerSettings, flat: FlatParameters, usual: CompiledGradients) {
    const { step, weights, limit = 8 } = settings;
    this.#settings = settings;
    this.#flat = flat;
    this.#usual = { batchSize: step.batchSize, bindings: step.bindings ?? {} };
    const roles = new Set([...step.parameters, ...(step.frozen ?? []), ...Object.keys(step.state ?? {})]);
    this.#dataInputs = step.forward.inputs.filter(({ name }) => !roles.has(name));
    this.#frozen = Object.fromEntries(usual.frozen.map(({ name, shape }) => [name, given(weights, name, elementCount(shape))]));
    for (const { name, shape } of usual.state) this.#lasting.set(name, given(weights, name, elementCount(shape)).slice());
    this.#cache = new StepCache(
      limit,
      (sizes) => this.#make(sizes, sizes === this.#usual ? usual : undefined),
      ({ gradients }) => gradients.release(),
    );
  }

  /** Updates made so far. */
  get step(): number {
    return this.#step;
  }

  /** Combinations of sizes that are compiled now. */
  get compiledSizes(): number {
    return this.#cache.size;
  }

  /**
   * One update from all rows of the batch. Throws MK_COMPILER_TRAINING_DATA_INVALID for arrays that fit no size, and what
   * `GradientTrainer.runOnce` throws; weights, optimizer and statistics are then those before it.
   */
  async trainBatch(batch: SizedBatch): Promise<SizedReport> {
    if (this.#busy) throw new Error('A run is under way.');
    this.#busy = true;
    try {
      const sizes = this.#sizesOf(batch);
      const sized = await this.#cache.at(sizes);
      checkTrainingData(sized.compiled, batch);
      const { gradients, queue } = sized;
      for (const [name, values] of lastingOf(gradients)) values.set(this.#lasting.get(name) ?? values);
      sized.rows.now = batch;
      await queue.loadRows(Int32Array.from({ length: batch.rowCount }, (_, row) => row));
      const loss = await gradients.run(0, this.#step, this.#step + 1);
      gradients.lossScale?.succeed();
      for (const [name, values] of lastingOf(gradients)) this.#lasting.set(name, values.slice());
      this.#flat.collect(true, 1);
      return { loss, gradientNorm: this.#update(), sizes };
    } finally {
      this.#busy = false;
    }
  }

  /** Copies of parameters, frozen weights and running state: what `compileInference` needs. */
  weights(): Record<string, Float32Array> {
    const state = Object.keys(this.#settings.step.state ?? {}).map((name): [string, Float32Array] => [name, this.#lasting.get(name)!]);
    const all = [...this.#flat.views(this.#flat.parameters), ...Object.entries(this.#frozen), ...state];
    return Object.fromEntries(all.map(([name, each]) => [name, each.slice()]));
  }

  /** A copy of everything that the rest of the training depends on, but for the batches. */
  checkpoint(): Checkpoint {
    const tensors = Object.fromEntries(this.#carried().map(([name, each]) => [name, each.slice()]));
    return { seed: this.#settings.seed, step: this.#step, epoch: 0, batchInEpoch: this.#step, rowCount: 0, tensors };
  }

  /** Goes on from a checkpoint. Throws MK_COMPILER_CHECKPOINT_INVALID when it is of another network or seed. */
  restore(checkpoint: Checkpoint): void {
    const refuse = (reason: string): never => {
      throw new ModelkeepError('MK_COMPILER_CHECKPOINT_INVALID', { reason });
    };
    const { seed } = this.#settings;
    if (checkpoint.seed !== seed) refuse(`its seed is ${checkpoint.seed}, not ${seed}`);
    for (const [name, each] of this.#carried())
      if (checkpoint.tensors[name]?.length !== each.length) refuse(`"${name}" is missing or has another size`);
    for (const [name, each] of this.#carried()) each.set(checkpoint.tensors[name]!);
    this.#step = checkpoint.step;
  }

  async release(): Promise<void> {
    await this.#cache.release();
  }

  async #make({ batchSize, bindings }: StepSizes, known?: CompiledGradients): Promise<Sized> {
    const { step, optimizer, seed, runtime, session } = this.#settings;
    // Larger batches go through in parts of the usual size, so that memory does not grow.
    const microBatch = batchSize === step.batchSize ? step.microBatch : (step.microBatch ?? step.batchSize);
    const compiled =
      known ?? compileGradients({ ...step, rowGradients: false, batchSize, bindings, ...(microBatch !== undefined && { microBatch }) });
    const rows: Sized['rows'] = { now: undefined };
    const loader = {
      rowCount: batchSize,
      load: (numbers: Int32Array, into: Parameters<ReturnType<typeof rowsInMemory>['load']>[1], key: number) => {
        const batch = rows.now!;
        return rowsInMemory(batch, compiled).load(
          numbers.map((row) => row % batch.rowCount),
          into,
          key,
        );
      },
    };
    const queue = new BatchQueue({ compiled, loader, rowWeights: undefined, seed, parts: 1 });
    const common = { compiled, optimizer, seed, runtime, session, workers: [], frozen: this.#frozen };
    return { compiled, queue, rows, gradients: await BatchGradients.create(common, this.#flat, queue) };
  }

  #sizesOf(batch: SizedBatch): StepSizes {
    const { step } = this.#settings;
    const told: Record<string, number> = { ...step.bindings, ...batch.bindings };
    const settled = new Set(Object.keys(batch.bindings ?? {}));
    for (const { name, shape } of this.#dataInputs) {
      const array = batch.inputs[name];
      const open = (shape ?? []).slice(1).filter((dim): dim is string => typeof dim === 'string' && !settled.has(dim));
      const [symbol] = open;
      if (!array || symbol === undefined || new Set(open).size > 1) continue;
      const rest = (shape ?? [])
        .slice(1)
        .reduce<number>((count, dim) => count * (dim === symbol ? 1 : typeof dim === 'number' ? dim : told[dim]!), 1);
      const size = (array.length / batch.rowCount / rest) ** (1 / open.length);
      if (!Number.isSafeInteger(size) || size < 1)
        throw new ModelkeepError('MK_COMPILER_TRAINING_DATA_INVALID', {
          field: name,
          reason: `${array.length} numbers do not fill ${batch.rowCount} rows of [${(shape ?? []).slice(1).join(', ')}]`,
        });
      told[symbol] = size;
      settled.add(symbol);
    }
    return { batchSize: Math.max(1, Math.ceil(batch.rowCount / step.batchSize)) * step.batchSize, bindings: told };
  }

  #update(): number {
    const { learningRate } = this.#settings;
    const norm = this.#flat.gradientNorm();
    this.#step++;
    this.#flat.update(this.#step, typeof learningRate === 'number' ? learningRate : learningRate(this.#step), norm);
    if (this.#step % stepsBetweenCleanings === 0) this.#flat.zeroSmallState();
    return norm;
  }

  #carried(): [string, Float32Array][] {
    return [
      ...this.#flat.views(this.#flat.parameters),
      ...this.#flat.slots.map(({ key, values }): [string, Float32Array] => [key, values]),
      ...this.#lasting,
    ];
  }
}

/** What moves on with the steps in a session's own memory. */
function lastingOf(gradients: BatchGradients): [string, Float32Array][] {
  const { lossScale } = gradients;
  return [...gradients.stateViews(), ...(lossScale ? [[stepNames.lossScale, lossScale.state] as [string, Float32Array]] : [])];
}

function given(weights: Readonly<Record<string, FloatArray>>, name: string, length: number): Float32Array {
  const values = weights[name];
  if (values?.length !== length) throw new Error(`"${name}" takes ${length} numbers, not ${values?.length ?? 'nothing'}.`);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
