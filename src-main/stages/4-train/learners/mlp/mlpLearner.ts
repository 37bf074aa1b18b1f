import {
  compileInference,
  decodeCheckpoint,
  encodeCheckpoint,
  encodeModel,
  GraphBuilder,
  mergeGraphs,
  multilayerPerceptron,
  type Graph,
} from '../../../../compiler/index.ts';
import type { Told } from '../fitted.ts';
import {
  outputsOf,
  type Engine,
  type FitControl,
  type FitData,
  type FittedLearner,
  type LabelledMatrix,
  type Learner,
  type LearnerState,
  type Settings,
} from '../learner.ts';
import type { Matrix, NetworkTarget } from '../matrix.ts';
import { trainNetwork, type NetworkState } from './trainNetwork.ts';

/** `epochs`: exactly so many where there are no validation rows to stop by. */
export interface MlpSettings extends Settings {
  hidden: number[];
  learningRate: number;
  weightDecay: number;
  dropout: number;
  epochs: number;
}

interface MlpState extends LearnerState {
  json: Told & { width: number; outputs: number; hidden: number[]; mean: number; sd: number };
  arrays: Record<string, Float32Array>;
}

const mostEpochs = 200;
const rowsPerRun = 8192;

/** Perceptron with Relu layers, trained by Adam with early stopping; numbers are learned standardised. See `trainNetwork`. */
export const mlpLearner: Learner<MlpSettings> = {
  name: 'mlp',
  view: 'scaled',
  supports: (task) => task.kind === 'class' || (task.kind === 'number' && task.objective.kind === 'squared'),
  // Repeated rows meet in other minibatches.
  weightsAreRepeats: false,
  portfolio: () => [
    { hidden: [64], learningRate: 0.003, weightDecay: 0.1, dropout: 0.1, epochs: mostEpochs },
    { hidden: [128, 64], learningRate: 0.001, weightDecay: 0.01, dropout: 0.1, epochs: mostEpochs },
  ],
  space: () => [
    { name: 'hidden', kind: 'choice', values: [[32], [64], [128], [64, 32], [128, 64]] },
    { name: 'dropout', kind: 'choice', values: [0, 0.1, 0.3] },
    { name: 'learningRate', kind: 'log', low: 5e-4, high: 1e-2 },
    { name: 'weightDecay', kind: 'log', low: 1e-3, high: 3 },
  ],
  fit,
  restore: (state, engine) => new FittedMlp(state as MlpState, engine),
};

async function fit({ task, train, validation }: FitData, settings: MlpSettings, control: FitControl): Promise<FittedLearner> {
  const { rows, width } = train.features;
  const scale = train.target.kind === 'number' ? scaleOf(train.target.values, train.weights) : { mean: 0, sd: 1 };
  const judged = validation ?? train;
  const trained = await trainNetwork(
    {
      ...settings,
      batchSize: rows < 1000 ? 32 : rows < 10_000 ? 64 : rows < 100_000 ? 128 : 256,
      maxEpochs: settings.epochs,
      seed: control.seed,
    },
    {
      train: {
        features: train.features,
        target: networkTarget(train, scale),
        ...(train.weights && { weights: averagingOne(train.weights) }),
      },
      validation: { features: judged.features, target: networkTarget(judged, scale) },
    },
    {
      runtime: control.runtime,
      nowMs: () => control.nowMs(),
      memoryBytes: () => control.memoryBytes?.() ?? 0,
      shouldStop: () => control.shouldStop(),
      onPoint: (point) => control.onPoint(point),
      onState: async (state) => {
        await control.pause?.();
        await control.onState?.(() => stateUnderWay(state()));
      },
      resume: control.resume ? networkState(control.resume) : null,
    },
  );
  const { weights, curve, epochs, ended } = trained;
  const { hidden, learningRate, weightDecay, dropout } = settings;
  const kept = Object.fromEntries(Object.entries(weights).map(([name, each]) => [name, Float32Array.from(each)]));
  await trained.release();
  return new FittedMlp(
    {
      json: {
        width,
        outputs: outputsOf(task),
        hidden,
        ...scale,
        chosen: { hidden, learningRate, weightDecay, dropout, epochs },
        curve,
        ended: ended === 'time' || ended === 'asked' ? ended : 'complete',
      },
      arrays: kept,
    },
    control,
  );
}

/** A training under way: its checkpoints as bytes. JSON has no Infinity; without a best epoch there is no best loss. */
function stateUnderWay({ trainer, best, ...rest }: NetworkState): LearnerState {
  return {
    json: { ...rest, bestLoss: best ? rest.bestLoss : null },
    arrays: { trainer: encodeCheckpoint(trainer), ...(best ? { best: encodeCheckpoint(best) } : {}) },
  };
}

function networkState({ json, arrays }: LearnerState): NetworkState {
  const rest = json as Omit<NetworkState, 'trainer' | 'best'>;
  const best = arrays['best'] ? decodeCheckpoint(arrays['best'] as Uint8Array) : null;
  return { ...rest, bestLoss: best ? rest.bestLoss : Infinity, trainer: decodeCheckpoint(arrays['trainer'] as Uint8Array), best };
}

class FittedMlp implements FittedLearner {
  readonly chosen: Settings;
  readonly curve: Told['curve'];
  readonly ended: Told['ended'];
  readonly #state: MlpState;
  readonly #engine: Engine;

  constructor(state: MlpState, engine: Engine) {
    this.#state = state;
    this.#engine = { runtime: engine.runtime, threads: engine.threads };
    ({ chosen: this.chosen, curve: this.curve, ended: this.ended } = state.json);
  }

  /** The network with its weights as inputs, as it was trained; its scale in float64. */
  async predict({ rows, width, data }: Matrix): Promise<Float32Array> {
    const { hidden, outputs, mean, sd } = this.#state.json;
    const { runtime } = this.#engine;
    const network = multilayerPerceptron({ featureCount: width, hiddenSizes: hidden, outputCount: outputs });
    const session = await runtime.createSession(encodeModel(network.graph, { producer: 'modelkeep' }));
    try {
      const weights = Object.fromEntries(
        network.parameters.map((name) => [name, runtime.tensor('float32', this.#state.arrays[name]!, network.parameterShapes[name]!)]),
      );
      const all = new Float32Array(rows * outputs);
      for (let start = 0; start < rows; start += rowsPerRun) {
        const end = Math.min(rows, start + rowsPerRun);
        const features = runtime.tensor('float32', data.subarray(start * width, end * width), [end - start, width]);
        const results = await session.run({ ...weights, features }, { output: null });
        const part = results['output']!.data as Float32Array;
        for (let at = 0; at < part.length; at++) all[start * outputs + at] = part[at]! * sd + mean;
      }
      return all;
    } finally {
      await session.release();
    }
  }

  graph(): Graph {
    const { width, hidden, outputs, mean, sd } = this.#state.json;
    const network = multilayerPerceptron({ featureCount: width, hiddenSizes: hidden, outputCount: outputs });
    if (mean === 0 && sd === 1) return compileInference(network.graph, this.#state.arrays, { outputName: 'outputs' });
    const g = new GraphBuilder('scale');
    const scores = g.input('scores', 'float32', ['N', outputs]);
    g.output(g.op('Add', [g.op('Mul', [scores, g.scalar(sd)]), g.scalar(mean)], { output: { shape: ['N', outputs] } }), 'outputs');
    const inner = compileInference(network.graph, this.#state.arrays, { outputName: 'scores' });
    return mergeGraphs(inner, g.build(), { connect: { scores: 'scores' }, prefix: 'scale_' });
  }

  state(): LearnerState {
    return this.#state;
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

/** Float32, as the graph has them. */
function scaleOf(values: Float64Array, weights?: Float32Array): { mean: number; sd: number } {
  let [total, sum, squares] = [0, 0, 0];
  values.forEach((value, row) => {
    total += weights?.[row] ?? 1;
    sum += (weights?.[row] ?? 1) * value;
  });
  const mean = sum / total;
  values.forEach((value, row) => (squares += (weights?.[row] ?? 1) * (value - mean) ** 2));
  return { mean: Math.fround(mean), sd: Math.fround(Math.sqrt(squares / total)) || 1 };
}

function networkTarget({ target }: LabelledMatrix, { mean, sd }: { mean: number; sd: number }): NetworkTarget {
  if (target.kind === 'class') return { kind: 'class', codes: target.codes, classes: target.classes };
  if (target.kind === 'labels') throw new Error('A perceptron takes classes or numbers.');
  return { kind: 'number', values: Float32Array.from(target.values, (value) => (value - mean) / sd) };
}

function averagingOne(weights: Float32Array): Float32Array {
  const mean = weights.reduce((sum, each) => sum + each, 0) / weights.length;
  return weights.map((each) => each / mean);
}
