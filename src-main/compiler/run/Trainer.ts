import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { trainingNames } from '../5-emit/emitTraining.ts';
import type { CompiledTraining, TensorSpec } from '../compileTraining.ts';
import type { Checkpoint } from './checkpoint.ts';
import { fillKeepMask, streamKey } from './counterRandom.ts';
import { fillNoise } from './noise.ts';
import { epochOrder } from './epochOrder.ts';
import { freeCopies } from './freeCopies.ts';
import { findNotFinite } from './gradient/findNotFinite.ts';
import { loadedRows } from './gradient/rowLoader.ts';
import { longestRun, RunLength } from './runLength.ts';
import type { FloatArray, Runtime, RuntimeSession, RuntimeTensor } from './runtime.ts';
import type { ShouldStop } from './shouldStop.ts';
import { TensorPool } from './tensorPool.ts';
import { checkRowsFinite, checkTrainingData, targetArray, type RowArray, type TrainingData } from './trainingData.ts';

export interface TrainerSettings {
  readonly runtime: Runtime;
  readonly compiled: CompiledTraining;
  readonly data: TrainingData;
  /** From `initialWeights`, or of an earlier training. Copied. */
  readonly weights: Readonly<Record<string, FloatArray>>;
  /** Constant, or by step (counted from 1). */
  readonly learningRate: number | ((step: number) => number);
  /** Decides the order of rows and what Dropout drops. Integer ≥ 0. */
  readonly seed: number;
  /** Milliseconds from any origin; only chooses how much one run does. */
  readonly nowMs: () => number;
  /** How long one run may take, about. Default 250. */
  readonly runMs?: number;
}

export interface RunReport {
  /** Counted from 0; of the batches in this run, which never crosses an epoch. */
  readonly epoch: number;
  /** Updates made so far. */
  readonly step: number;
  readonly batchInEpoch: number;
  readonly batchesPerEpoch: number;
  readonly epochDone: boolean;
  /** Mean loss of each minibatch of the run, before its update. */
  readonly losses: FloatArray;
  readonly elapsedMs: number;
}

/** Codes of a training that ran away: other settings may help, the data and the runtime are sound. */
export const divergenceCodes: ReadonlySet<string> = new Set(['MK_COMPILER_VALUE_NOT_FINITE', 'MK_COMPILER_LOSS_NOT_FINITE']);

/** 1 is the order of rows. */
const dropoutStream = 2;
const noiseStream = 3;
/**
 * After so many steps, tiny optimizer state is set to 0. Without it the moments of weights that no row touches (dead units,
 * rare categories and words) turn subnormal after about 800 steps and a step takes four times as long. A run ends there, so
 * that it happens at the same steps however long runs are; 0.9¹²⁸ keeps what is not set to 0 well above subnormal.
 */
const stepsBetweenCleanings = longestRun;

/**
 * Drives a compiled training: shuffles, feeds many minibatches per run, keeps weights and optimizer state, and can stop
 * and resume between runs with the same result bit for bit (same compiled graph, data, seed, runtime version and thread count).
 *
 * ```ts
 * const trainer = await Trainer.create({ runtime, compiled, data, weights, learningRate: 1e-3, seed: 1, nowMs });
 * for await (const run of trainer.train({ epochs: 10, shouldStop: () => stopped })) show(run.losses);
 * const head = compileInference(network.graph, trainer.weights());
 * await trainer.release();
 * ```
 *
 * `train` and `runOnce` throw MK_COMPILER_VALUE_NOT_FINITE with the first bad node when training diverges (or
 * MK_COMPILER_LOSS_NOT_FINITE where none can be named, see `divergenceCodes`), MK_COMPILER_DATA_NOT_FINITE when the data
 * hold what is no number, MK_COMPILER_RUN_FAILED when the runtime or its device gives up; the weights stay those before that run.
 */
export class Trainer {
  readonly #settings: TrainerSettings;
  readonly #session: RuntimeSession;
  /** What a run takes and gives back. */
  readonly #carried: readonly TensorSpec[];
  /** Parameters and optimizer state: one set that is read, one that is written, swapped after each run. */
  #current: TensorPool;
  #next: TensorPool;
  readonly #dataFeeds: Record<string, RuntimeTensor>;
  readonly #order: Int32Array;
  readonly #runLength: RunLength;
  #shuffledEpoch = -1;
  #step = 0;
  #epoch = 0;
  #batchInEpoch = 0;
  #busy = false;
  #forward: RuntimeSession | undefined;

  /** Throws MK_COMPILER_TRAINING_DATA_INVALID when the data does not fit the compiled network. */
  static async create(settings: TrainerSettings): Promise<Trainer> {
    checkTrainingData(settings.compiled, settings.data);
    return new Trainer(settings, await settings.runtime.createSession(settings.compiled.bytes));
  }

  private constructor(settings: TrainerSettings, session: RuntimeSession) {
    const { compiled, data, runtime } = settings;
    this.#settings = settings;
    this.#session = session;
    this.#carried = [...compiled.parameters, ...compiled.slots, ...compiled.state];
    this.#current = new TensorPool(runtime, compiled.dtype, this.#carried);
    this.#next = new TensorPool(runtime, compiled.dtype, this.#carried);
    // A parameter that the loss added starts at 0 unless it is given.
    const forwardNames = new Set(compiled.weightNames);
    for (const { name } of [...compiled.parameters, ...compiled.state])
      if (forwardNames.has(name) || settings.weights[name]) this.#current.write(name, settings.weights[name]);
    const rowWeights =
      data.rowWeights ?? (compiled.dtype === 'float32' ? new Float32Array(data.rowCount) : new Float64Array(data.rowCount)).fill(1);
    const rows = (spec: TensorSpec): number[] => [data.rowCount, ...spec.shape];
    this.#dataFeeds = {
      ...Object.fromEntries(
        compiled.dataInputs.map((each) => [each.name, runtime.tensor(each.dtype, data.inputs[each.name]!, rows(each))]),
      ),
      ...Object.fromEntries(
        compiled.targets.map((each) => [each.name, runtime.tensor(each.dtype, targetArray(data, each.name)!, rows(each))]),
      ),
      ...this.#frozen(),
      [trainingNames.rowWeights]: runtime.tensor(compiled.dtype, rowWeights, [data.rowCount]),
    };
    // Padded to whole batches with numbers below 0.
    this.#order = new Int32Array(this.batchesPerEpoch * compiled.batchSize);
    this.#runLength = new RunLength(settings.runMs ?? 250);
  }

  get batchesPerEpoch(): number {
    return Math.ceil(this.#settings.data.rowCount / this.#settings.compiled.batchSize);
  }

  get step(): number {
    return this.#step;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Trains until `epochs` are done in all (also those before a restore) or `shouldStop` says so; asked between runs. */
  async *train({ epochs, shouldStop = () => false }: { epochs: number; shouldStop?: ShouldStop }): AsyncGenerator<RunReport, void> {
    while (this.#epoch < epochs && !(await shouldStop())) yield await this.runOnce();
  }

  /** One run: up to `maxBatches` minibatches (default: as many as fit `runMs`), never beyond the epoch. */
  async runOnce(maxBatches = this.#runLength.batches): Promise<RunReport> {
    if (this.#busy) throw new Error('A run is under way.');
    this.#busy = true;
    try {
      return await this.#run(
        Math.min(maxBatches, this.batchesPerEpoch - this.#batchInEpoch, stepsBetweenCleanings - (this.#step % stepsBetweenCleanings)),
      );
    } finally {
      this.#busy = false;
    }
  }

  /** Copies of the parameters and of the state that goes with them: what `compileInference` needs. */
  weights(): Record<string, FloatArray> {
    const { compiled, weights } = this.#settings;
    const frozen = compiled.frozen.map(({ name }): [string, FloatArray] => [name, weights[name]!.slice()]);
    return { ...this.#current.copies([...compiled.parameters, ...compiled.state]), ...Object.fromEntries(frozen) };
  }

  /** The first output (or the one named) `[rowCount, …]` of the network with the present weights, as it is served. */
  async predict(inputs: Readonly<Record<string, RowArray>>, rowCount: number, output?: string): Promise<FloatArray> {
    const { compiled, runtime } = this.#settings;
    this.#forward ??= await runtime.createSession(compiled.forwardBytes);
    const wanted = output ?? compiled.predictions[0]!.name;
    const feeds = Object.fromEntries(
      compiled.dataInputs.map(({ name, shape, dtype }) => [name, runtime.tensor(dtype, inputs[name]!, [rowCount, ...shape])]),
    );
    const served = new Set(compiled.weightNames);
    const weights = this.#current.tensors([...compiled.parameters, ...compiled.state].filter(({ name }) => served.has(name)));
    const result = await this.#forward.run({ ...feeds, ...weights, ...this.#frozen() }, { [wanted]: null });
    return result[wanted]!.data as FloatArray;
  }

  /** A copy of everything that the rest of the training depends on. */
  checkpoint(): Checkpoint {
    const { data, seed } = this.#settings;
    return {
      seed,
      step: this.#step,
      epoch: this.#epoch,
      batchInEpoch: this.#batchInEpoch,
      rowCount: data.rowCount,
      tensors: this.#current.copies(this.#carried),
    };
  }

  /** Goes on from a checkpoint. Throws MK_COMPILER_CHECKPOINT_INVALID when it is of another network, seed or number of rows. */
  restore(checkpoint: Checkpoint): void {
    const { data, seed } = this.#settings;
    const refuse = (reason: string): never => {
      throw new ModelkeepError('MK_COMPILER_CHECKPOINT_INVALID', { reason });
    };
    if (checkpoint.seed !== seed) refuse(`its seed is ${checkpoint.seed}, not ${seed}`);
    if (checkpoint.rowCount !== data.rowCount) refuse(`it was trained on ${checkpoint.rowCount} rows, not ${data.rowCount}`);
    for (const { name } of this.#carried) {
      const tensor = checkpoint.tensors[name];
      if (!tensor || tensor.length !== this.#current.length(name)) refuse(`"${name}" is missing or has another size`);
    }
    for (const [name, tensor] of Object.entries(checkpoint.tensors)) this.#current.write(name, tensor);
    this.#step = checkpoint.step;
    this.#epoch = checkpoint.epoch;
    this.#batchInEpoch = checkpoint.batchInEpoch;
  }

  /** Frees the sessions. The trainer cannot be used afterwards. */
  async release(): Promise<void> {
    await this.#session.release();
    await this.#forward?.release();
  }

  async #run(batches: number): Promise<RunReport> {
    const { compiled, nowMs } = this.#settings;
    const started = nowMs();
    this.#shuffleEpoch();
    const feeds = this.#feeds(batches);
    const fetches = { ...this.#next.tensors(this.#carried, trainingNames.next), [trainingNames.losses]: null };
    const result = await this.#session.run(feeds, fetches).catch((error: unknown) => {
      // A device that went away, or memory that ran out; what was there before the run is untouched.
      throw new ModelkeepError(
        'MK_COMPILER_RUN_FAILED',
        { step: this.#step + 1, reason: error instanceof Error ? error.message.slice(0, 300) : String(error) },
        { cause: error },
      );
    });
    freeCopies(result, fetches);
    const losses = result[trainingNames.losses]!.data as FloatArray;
    const broken = losses.findIndex((loss) => !Number.isFinite(loss));
    if (broken >= 0) throw await this.#explain(broken);
    // The last update of a run has no loss that tells.
    if (!this.#next.isFinite([...compiled.parameters, ...compiled.state])) throw await this.#explain(batches - 1);

    [this.#current, this.#next] = [this.#next, this.#current];
    const epoch = this.#epoch;
    this.#step += batches;
    if (this.#step % stepsBetweenCleanings === 0)
      for (const { name, zeroBelow } of compiled.slots) this.#current.zeroBelow(name, zeroBelow);
    this.#batchInEpoch += batches;
    const report = {
      epoch,
      step: this.#step,
      batchInEpoch: this.#batchInEpoch,
      batchesPerEpoch: this.batchesPerEpoch,
      epochDone: this.#batchInEpoch === this.batchesPerEpoch,
      losses,
    };
    if (report.epochDone) {
      this.#epoch++;
      this.#batchInEpoch = 0;
    }
    const elapsedMs = nowMs() - started;
    this.#runLength.record(batches, elapsedMs);
    return { ...report, elapsedMs };
  }

  /** The next batches, with the weights as they are. */
  #feeds(batches: number): Record<string, RuntimeTensor> {
    const { compiled, runtime } = this.#settings;
    const first = this.#batchInEpoch * compiled.batchSize;
    const order = this.#order.subarray(first, first + batches * compiled.batchSize);
    return {
      ...this.#dataFeeds,
      ...this.#current.tensors(this.#carried),
      [trainingNames.order]: runtime.tensor('int32', order, [batches, compiled.batchSize]),
      ...this.#scalars(batches),
      ...this.#masks(batches),
      ...this.#noises(batches),
    };
  }

  /** Why the batch so many after the next one gave what is not finite: trains up to it again, and looks at every value. */
  async #explain(batch: number): Promise<ModelkeepError> {
    const { compiled, data, runtime, seed, weights } = this.#settings;
    const first = (this.#batchInEpoch + batch) * compiled.batchSize;
    const order = this.#order.subarray(first, first + compiled.batchSize);
    const step = this.#step + batch + 1;
    checkRowsFinite(compiled, data, order, step);
    const unexplained = new ModelkeepError('MK_COMPILER_LOSS_NOT_FINITE', { step });
    const { stepGraph } = compiled;
    if (!stepGraph || compiled.dtype !== 'float32') return unexplained;
    if (batch > 0) await this.#session.run(this.#feeds(batch), this.#next.tensors(this.#carried, trainingNames.next));
    const there = (batch > 0 ? this.#next : this.#current).copies([...compiled.parameters, ...compiled.state]);
    const frozen = compiled.frozen.map(({ name }) => [name, weights[name]!] as const);
    const { rows, rowNumbers } = loadedRows(compiled, data, order);
    const found = await findNotFinite({
      runtime,
      compiled: { ...compiled, stepGraph, microBatch: compiled.batchSize },
      seed,
      drawnAt: this.#step + batch,
      step,
      part: 0,
      parts: 1,
      weights: { ...there, ...Object.fromEntries(frozen) } as Record<string, Float32Array>,
      rows,
      rowNumbers,
    });
    return found ?? unexplained;
  }

  #frozen(): Record<string, RuntimeTensor> {
    const { compiled, runtime, weights } = this.#settings;
    return Object.fromEntries(compiled.frozen.map(({ name, shape }) => [name, runtime.tensor(compiled.dtype, weights[name]!, shape)]));
  }

  #shuffleEpoch(): void {
    if (this.#shuffledEpoch === this.#epoch) return;
    const rows = this.#order.subarray(0, this.#settings.data.rowCount);
    epochOrder(rows, this.#settings.seed, this.#epoch);
    // Padding counts nothing, but statistics of a batch see it: it reads other rows, from the end, instead of one many times.
    for (let at = rows.length; at < this.#order.length; at++) this.#order[at] = rows[(at - rows.length) % rows.length]! - rows.length;
    this.#shuffledEpoch = this.#epoch;
  }

  #scalars(batches: number): Record<string, RuntimeTensor> {
    const { compiled, learningRate, runtime } = this.#settings;
    const vectors = compiled.scalars.map(() => (compiled.dtype === 'float32' ? new Float32Array(batches) : new Float64Array(batches)));
    for (let batch = 0; batch < batches; batch++) {
      const step = this.#step + batch + 1;
      compiled.scalarsAt(step, typeof learningRate === 'number' ? learningRate : learningRate(step)).forEach((value, at) => {
        vectors[at]![batch] = value;
      });
    }
    return Object.fromEntries(compiled.scalars.map((name, at) => [name, runtime.tensor(compiled.dtype, vectors[at]!, [batches])]));
  }

  #masks(batches: number): Record<string, RuntimeTensor> {
    const { compiled, runtime, seed } = this.#settings;
    return Object.fromEntries(
      compiled.masks.map(({ name, shape, rate }, layer) => {
        const size = shape.reduce((count, dim) => count * dim, 1);
        const masks = new Uint8Array(batches * size);
        for (let batch = 0; batch < batches; batch++) {
          fillKeepMask(masks.subarray(batch * size, (batch + 1) * size), rate, streamKey(seed, dropoutStream, layer, this.#step + batch));
        }
        return [name, runtime.tensor('bool', masks, [batches, ...shape])];
      }),
    );
  }

  #noises(batches: number): Record<string, RuntimeTensor> {
    const { compiled, runtime, seed } = this.#settings;
    return Object.fromEntries(
      compiled.noises.map(({ name, shape, ...distribution }, layer) => {
        const size = shape.reduce((count, dim) => count * dim, 1);
        const numbers = compiled.dtype === 'float32' ? new Float32Array(batches * size) : new Float64Array(batches * size);
        for (let batch = 0; batch < batches; batch++)
          fillNoise(
            numbers.subarray(batch * size, (batch + 1) * size),
            distribution,
            streamKey(seed, noiseStream, layer, this.#step + batch),
          );
        return [name, runtime.tensor(compiled.dtype, numbers, [batches, ...shape])];
      }),
    );
  }
}
