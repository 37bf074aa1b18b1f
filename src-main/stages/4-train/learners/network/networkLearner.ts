import { compileInference, type Graph } from '../../../../compiler/index.ts';
import type { Told } from '../fitted.ts';
import type { Engine, FitControl, FitData, FittedLearner, Learner, LearnerState, LearnerTask } from '../learner.ts';
import type { Matrix } from '../matrix.ts';
import { buildNetwork, type NetworkShape } from './buildNetwork.ts';
import { columnScales } from './columnScales.ts';
import { networkPortfolio, networkSpace, type NetworkSettings } from './networkSettings.ts';
import { isSupported, targetScaleOf, type TargetScale } from './networkTask.ts';
import { ServedNetwork, type NetworkWeights } from './ServedNetwork.ts';
import { trainTable } from './trainTable.ts';

interface NetworkState extends LearnerState {
  json: Told & {
    task: LearnerTask;
    width: number;
    numbers: number[];
    edgeCounts: number[];
    target: TargetScale;
    settings: NetworkSettings;
  };
}

const arrayNames = { centers: 'columns.centers', scales: 'columns.scales', edges: 'columns.edges' };
const ofWeight = 'weight.';

/** Networks for tables that need little tuning: RealMLP and TabM, see `buildNetwork`, trained as `trainTable` says. */
export const networkLearner: Learner<NetworkSettings> = {
  name: 'network',
  view: 'scaled',
  supports: isSupported,
  // Repeated rows meet in other minibatches.
  weightsAreRepeats: false,
  portfolio: networkPortfolio,
  space: networkSpace,
  fit,
  restore: (state, engine) => new FittedNetwork(state as NetworkState, engine),
};

async function fit(data: FitData, settings: NetworkSettings, control: FitControl): Promise<FittedLearner> {
  const { task, train, columns: kinds } = data;
  const columns = columnScales(train.features, kinds, settings.bins);
  const target = targetScaleOf(task, train);
  const { width } = train.features;
  const trained = await trainTable({ task, width, columns, target, settings }, data, control);
  const { weights, curve, epoch, ended } = trained;
  return new FittedNetwork(
    {
      json: {
        task,
        width,
        numbers: columns.numbers,
        edgeCounts: columns.edges.map(({ length }) => length),
        target,
        settings,
        chosen: { ...settings, epochs: epoch },
        curve,
        ended,
      },
      arrays: {
        [arrayNames.centers]: columns.centers,
        [arrayNames.scales]: columns.scales,
        [arrayNames.edges]: Float32Array.from(columns.edges.flatMap((each) => [...each])),
        ...Object.fromEntries(Object.entries(weights).map(([name, values]) => [ofWeight + name, values])),
      },
    },
    control,
  );
}

class FittedNetwork implements FittedLearner {
  readonly chosen: FittedLearner['chosen'];
  readonly curve: Told['curve'];
  readonly ended: Told['ended'];
  readonly #state: NetworkState;
  readonly #engine: Engine;
  #served: Promise<ServedNetwork> | undefined;

  constructor(state: NetworkState, engine: Engine) {
    this.#state = state;
    this.#engine = { runtime: engine.runtime, threads: engine.threads };
    ({ chosen: this.chosen, curve: this.curve, ended: this.ended } = state.json);
  }

  /** The network with its weights as inputs, as it was trained. */
  async predict(features: Matrix): Promise<Float32Array> {
    this.#served ??= ServedNetwork.open(this.#shape(), this.#engine);
    return (await this.#served).predict(features, this.#weights());
  }

  graph(): Graph {
    return compileInference(buildNetwork(this.#shape(), 'serving').graph, this.#weights());
  }

  state(): LearnerState {
    return this.#state;
  }

  async release(): Promise<void> {
    const served = await this.#served;
    this.#served = undefined;
    await served?.release();
  }

  #weights(): NetworkWeights {
    const { arrays } = this.#state;
    const weights = Object.entries(arrays).filter(([name]) => name.startsWith(ofWeight));
    return Object.fromEntries(weights.map(([name, values]) => [name.slice(ofWeight.length), values])) as NetworkWeights;
  }

  #shape(): NetworkShape {
    const { json, arrays } = this.#state;
    const { task, width, numbers, edgeCounts, target, settings } = json;
    const all = arrays[arrayNames.edges] as Float32Array;
    let start = 0;
    const edges = edgeCounts.map((count) => all.slice(start, (start += count)));
    const columns = {
      centers: arrays[arrayNames.centers] as Float32Array,
      scales: arrays[arrayNames.scales] as Float32Array,
      numbers,
      edges,
    };
    return { task, width, columns, target, settings };
  }
}
