import type { CurvePoint } from '../../../../../src-shared/domain/training.ts';
import {
  compileTraining,
  divergenceCodes,
  initialWeights,
  multilayerPerceptron,
  Trainer,
  type Checkpoint,
  type CompiledTraining,
  type FloatArray,
  type Network,
  type Runtime,
} from '../../../../compiler/index.ts';
import { isModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { outputCount, type Matrix, type NetworkTarget } from '../matrix.ts';
import { networkLoss } from '../networkLoss.ts';

/** How one network is trained. */
export interface NetworkPlan {
  /** Units of each hidden layer; [] for linear and softmax regression. */
  hidden: number[];
  learningRate: number;
  /** Decoupled (AdamW), per unit of learning rate. */
  weightDecay: number;
  /** Share of hidden units dropped while training. */
  dropout: number;
  batchSize: number;
  /** At most; early stopping usually ends sooner. */
  maxEpochs: number;
  /** Of the starting weights, the order of rows and dropout. */
  seed: number;
}

export interface NetworkData {
  /** `weights`: of each row in the loss, averaging 1. */
  train: { features: Matrix; target: NetworkTarget; weights?: Float32Array };
  validation: { features: Matrix; target: NetworkTarget };
}

/** Everything that the rest of a training depends on, between two epochs or inside one. */
export interface NetworkState {
  trainer: Checkpoint;
  /** At the lowest validation loss so far; null before the first epoch ends. */
  best: Checkpoint | null;
  bestLoss: number;
  epochsSinceBest: number;
  /** Factor on the learning rate: it falls when the loss no longer does. */
  rateScale: number;
  rateCuts: number;
  lossSum: number;
  lossCount: number;
  curve: CurvePoint[];
  elapsedMs: number;
}

export interface TrainingControl {
  runtime: Runtime;
  nowMs(): number;
  /** Of this process, resident. */
  memoryBytes(): number;
  /** Asked between two runs (each about a quarter of a second at most). */
  shouldStop(): 'no' | 'time' | 'asked';
  onPoint(point: CurvePoint): void;
  /** Called between two runs; keeps what it is given if it is time to. */
  onState(state: () => NetworkState): Promise<void>;
  /** State to go on from. */
  resume: NetworkState | null;
}

export interface TrainedNetwork {
  network: Network;
  /** At the lowest validation loss. */
  weights: Record<string, FloatArray>;
  /** Network outputs [rows, outputs] for features, as the trainer computes them with these weights. */
  predict(features: Matrix): Promise<Float32Array>;
  release(): Promise<void>;
  curve: CurvePoint[];
  epochs: number;
  elapsedMs: number;
  ended: 'converged' | 'epochs' | 'time' | 'asked';
}

const patienceEpochs = 5;
const rateCutFactor = 1 / 3;
const mostRateCuts = 2;
/** A validation loss must fall by this share to count as better. */
const improvement = 1e-4;
const rowsPerPrediction = 4096;

/**
 * Trains one network by Adam through ONNX Runtime. The learning rate is cut when the validation loss has not fallen for five
 * epochs; after two cuts training ends, and the weights of the best epoch are given (early stopping: Prechelt, 1998).
 * Errors: MK_COMPILER_VALUE_NOT_FINITE or MK_COMPILER_LOSS_NOT_FINITE when it diverges before any epoch was good.
 */
export async function trainNetwork(plan: NetworkPlan, data: NetworkData, control: TrainingControl): Promise<TrainedNetwork> {
  const run = await NetworkRun.open(plan, data, control);
  try {
    const ended = await run.train();
    return run.result(ended);
  } catch (error) {
    await run.release();
    throw error;
  }
}

class NetworkRun {
  readonly #plan: NetworkPlan;
  readonly #data: NetworkData;
  readonly #control: TrainingControl;
  readonly #network: Network;
  readonly #compiled: CompiledTraining;
  readonly #trainer: Trainer;
  readonly #state: Omit<NetworkState, 'trainer'>;
  readonly #startedMs: number;

  static async open(plan: NetworkPlan, data: NetworkData, control: TrainingControl): Promise<NetworkRun> {
    const { features, target, weights: rowWeights } = data.train;
    const network = multilayerPerceptron({
      featureCount: features.width,
      hiddenSizes: plan.hidden,
      outputCount: outputCount(target),
      dropoutRate: plan.dropout,
    });
    const compiled = compileTraining({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: target.kind === 'class' ? 'softmaxCrossEntropy' : 'meanSquaredError' },
      optimizer: { kind: 'adam', weightDecay: plan.weightDecay },
      batchSize: Math.min(plan.batchSize, features.rows),
    });
    const state = control.resume ?? freshState();
    const trainer = await Trainer.create({
      runtime: control.runtime,
      compiled,
      data: {
        rowCount: features.rows,
        inputs: { features: features.data },
        targets: target.kind === 'class' ? target.codes : target.values,
        ...(rowWeights && { rowWeights }),
      },
      weights: startingWeights(network, plan),
      learningRate: () => plan.learningRate * state.rateScale,
      seed: plan.seed,
      nowMs: control.nowMs,
    });
    if (control.resume) trainer.restore(control.resume.trainer);
    return new NetworkRun(plan, data, control, network, compiled, trainer, state);
  }

  private constructor(
    plan: NetworkPlan,
    data: NetworkData,
    control: TrainingControl,
    network: Network,
    compiled: CompiledTraining,
    trainer: Trainer,
    state: Omit<NetworkState, 'trainer'>,
  ) {
    this.#plan = plan;
    this.#data = data;
    this.#control = control;
    this.#network = network;
    this.#compiled = compiled;
    this.#trainer = trainer;
    this.#state = state;
    this.#startedMs = control.nowMs() - state.elapsedMs;
  }

  async train(): Promise<TrainedNetwork['ended']> {
    const state = this.#state;
    while (this.#trainer.epoch < this.#plan.maxEpochs) {
      const stop = this.#control.shouldStop();
      if (stop !== 'no') {
        if (!state.best) await this.#endEpoch(); // a first epoch that was cut short is still worth something
        return stop;
      }
      const report = await this.#runOnce();
      if (!report) return 'converged';
      for (const loss of report.losses) state.lossSum += loss;
      state.lossCount += report.losses.length;
      state.elapsedMs = this.#control.nowMs() - this.#startedMs;
      if (report.epochDone) {
        await this.#endEpoch();
        if (this.#hasConverged()) return 'converged';
      } else this.#control.onPoint(this.#point(null));
      await this.#control.onState(() => ({ ...state, curve: [...state.curve], trainer: this.#trainer.checkpoint() }));
    }
    return 'epochs';
  }

  result(ended: TrainedNetwork['ended']): TrainedNetwork {
    const { best, curve, elapsedMs } = this.#state;
    if (best) this.#trainer.restore(best);
    return {
      network: this.#network,
      weights: this.#trainer.weights(),
      predict: (features) => this.#predict(features),
      release: () => this.#trainer.release(),
      curve,
      epochs: best?.epoch ?? 0,
      elapsedMs,
      ended,
    };
  }

  async release(): Promise<void> {
    await this.#trainer.release();
  }

  /** Null when training diverged after a good epoch: that epoch is the result then. */
  async #runOnce(): Promise<Awaited<ReturnType<Trainer['runOnce']>> | null> {
    try {
      return await this.#trainer.runOnce();
    } catch (error) {
      if (isModelkeepError(error) && divergenceCodes.has(error.code) && this.#state.best) return null;
      throw error;
    }
  }

  async #endEpoch(): Promise<void> {
    const state = this.#state;
    const { features, target } = this.#data.validation;
    const loss = networkLoss(await this.#predict(features), target);
    if (loss < state.bestLoss * (1 - improvement)) {
      Object.assign(state, { bestLoss: loss, best: this.#trainer.checkpoint(), epochsSinceBest: 0 });
    } else state.epochsSinceBest++;
    state.elapsedMs = this.#control.nowMs() - this.#startedMs;
    const point = this.#point(loss);
    state.curve.push(point);
    this.#control.onPoint(point);
    Object.assign(state, { lossSum: 0, lossCount: 0 });
  }

  #hasConverged(): boolean {
    const state = this.#state;
    if (state.epochsSinceBest < patienceEpochs) return false;
    if (state.rateCuts === mostRateCuts) return true;
    Object.assign(state, { rateScale: state.rateScale * rateCutFactor, rateCuts: state.rateCuts + 1, epochsSinceBest: 0 });
    return false;
  }

  #point(validationLoss: number | null): CurvePoint {
    const { lossSum, lossCount, elapsedMs } = this.#state;
    const { step, batchesPerEpoch } = this.#trainer;
    return {
      step,
      epoch: Math.round((step / batchesPerEpoch) * 1000) / 1000,
      trainLoss: lossCount === 0 ? 0 : lossSum / lossCount,
      validationLoss,
      elapsedMs: Math.round(elapsedMs),
      memoryBytes: this.#control.memoryBytes(),
    };
  }

  async #predict({ rows, width, data }: Matrix): Promise<Float32Array> {
    const outputs = this.#compiled.predictions[0]!.shape[0]!;
    const all = new Float32Array(rows * outputs);
    for (let start = 0; start < rows; start += rowsPerPrediction) {
      const count = Math.min(rowsPerPrediction, rows - start);
      const part = await this.#trainer.predict({ features: data.subarray(start * width, (start + count) * width) }, count);
      all.set(part as Float32Array, start * outputs);
    }
    return all;
  }
}

/** A linear model starts at zero: its loss has one minimum, and columns that training never sees keep no weight. */
function startingWeights(network: Network, plan: NetworkPlan): Record<string, FloatArray> {
  if (plan.hidden.length > 0) return initialWeights(network.parameterShapes, plan.seed, network.schemes);
  return initialWeights(network.parameterShapes, plan.seed, Object.fromEntries(network.parameters.map((name) => [name, 'zeros'])));
}

function freshState(): Omit<NetworkState, 'trainer'> {
  return {
    best: null,
    bestLoss: Infinity,
    epochsSinceBest: 0,
    rateScale: 1,
    rateCuts: 0,
    lossSum: 0,
    lossCount: 0,
    curve: [],
    elapsedMs: 0,
  };
}
