import { outputsOf, type DataFacts, type Settings } from '../learner.ts';
import type { SearchSpace } from '../searchSpace.ts';

export interface NetworkSettings extends Settings {
  /** See `buildNetwork`. */
  family: 'realmlp' | 'tabm';
  hidden: number[];
  /** Networks in one, 1 for `realmlp`. */
  members: number;
  /** Of numbers that have three values at least. */
  embedding: 'none' | 'periodic' | 'piecewise';
  embeddingUnits: number;
  /** Bins a number, for `piecewise`. */
  bins: number;
  learningRate: number;
  /** Decoupled, per unit of learning rate. */
  weightDecay: number;
  dropout: number;
  labelSmoothing: number;
  /** Whole schedule; what helps no more ends before it. */
  epochs: number;
  batchSize: number;
}

const [fewestEpochs, mostEpochs] = [12, 256];

const realMlp: NetworkSettings = {
  family: 'realmlp',
  hidden: [128, 128, 128],
  members: 1,
  embedding: 'piecewise',
  embeddingUnits: 4,
  bins: 16,
  learningRate: 0.02,
  weightDecay: 0.02,
  dropout: 0.1,
  labelSmoothing: 0,
  epochs: mostEpochs,
  batchSize: 256,
};
const tabM: NetworkSettings = {
  family: 'tabm',
  hidden: [128, 128],
  members: 8,
  embedding: 'piecewise',
  embeddingUnits: 8,
  bins: 24,
  learningRate: 0.005,
  weightDecay: 0.003,
  dropout: 0.1,
  labelSmoothing: 0,
  epochs: mostEpochs,
  batchSize: 256,
};

/** Of `operationsPerRow`, one core: a figure of a usual machine and no measurement, since it decides epochs and so results. */
const operationsPerMs = 4.5e7;
/** Of a run's budget, one fit: folds and the other learners want the rest. */
const shareOfFit = 0.04;

/**
 * TabM first. Test loss with a budget of a minute, one seed (TabM, RealMLP, the perceptron of one layer): diamonds, 3,840 rows 0.00375, 0.00387,
 * 0.00729; churn 0.430, 0.435, 0.442 nats; satellite 0.254, 0.239, 0.254. Waves took more than half of RealMLP's time on 57 columns and gained
 * nothing there, so it has bins too; few epochs want half the paper's learning rate.
 */
export function networkPortfolio(facts: DataFacts): NetworkSettings[] {
  return [tabM, realMlp].map((each) => withinBudget(each, facts));
}

/** Around the first of the portfolio; ranges of the papers' searches where they fit the sizes here. */
export function networkSpace({ task }: DataFacts): SearchSpace {
  return [
    { name: 'embedding', kind: 'choice', values: ['none', 'periodic', 'piecewise'] },
    { name: 'embeddingUnits', kind: 'choice', values: [4, 8, 16], when: { name: 'embedding', is: ['periodic', 'piecewise'] } },
    {
      name: 'hidden',
      kind: 'choice',
      values: [
        [64, 64],
        [128, 128],
        [128, 128, 128],
        [256, 256],
      ],
    },
    { name: 'members', kind: 'choice', values: [4, 8, 16] },
    { name: 'learningRate', kind: 'log', low: 0.001, high: 0.01 },
    { name: 'weightDecay', kind: 'log', low: 1e-4, high: 0.1 },
    { name: 'dropout', kind: 'choice', values: [0, 0.1, 0.2, 0.3] },
    ...(task.kind === 'class' ? [{ name: 'labelSmoothing', kind: 'choice' as const, values: [0, 0.05, 0.1] }] : []),
  ];
}

/** As many epochs as fit; where they would be too few, narrower layers. */
function withinBudget(settings: NetworkSettings, facts: DataFacts): NetworkSettings {
  const batchSize = facts.rows < 500 ? 64 : facts.rows < 2000 ? 128 : facts.rows < 50_000 ? 256 : 512;
  const epochsOf = (each: typeof settings): number =>
    Math.floor((facts.budgetMs * shareOfFit * operationsPerMs) / (facts.rows * operationsPerRow({ ...each, batchSize }, facts)));
  const half = { ...settings, hidden: settings.hidden.map((units) => units / 2) };
  const fitting = epochsOf(settings) < 2 * fewestEpochs ? half : settings;
  return { ...fitting, epochs: Math.min(mostEpochs, Math.max(fewestEpochs, epochsOf(fitting))), batchSize };
}

/**
 * What forward, backward and update of a row take, in operations of products. Measured at batches of 256: a pass over numbers (an
 * activation, a mask, a factor) costs as much as 50 operations a number, Adam about 12 passes over the weights a step.
 */
function operationsPerRow(
  { family, hidden, members, embedding, embeddingUnits, bins, batchSize }: NetworkSettings,
  facts: DataFacts,
): number {
  const numbers = embedding === 'none' || facts.width > 256 ? 0 : facts.width;
  let [weights, units, inputs] = [0, 0, facts.width + numbers * embeddingUnits];
  for (const size of [...hidden, outputsOf(facts.task)]) {
    weights += inputs * size;
    units += size;
    inputs = size;
  }
  const pass = 50;
  const trunk = 3 * weights + (family === 'realmlp' ? 14 : 8) * pass * units;
  const embedded = numbers * pass * (embedding === 'periodic' ? 10 * 16 : 3 * bins);
  return members * trunk + embedded + (12 * pass * weights) / batchSize;
}
