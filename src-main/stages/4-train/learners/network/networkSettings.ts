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
  embedding: 'periodic',
  embeddingUnits: 3,
  bins: 16,
  learningRate: 0.04,
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
  learningRate: 0.002,
  weightDecay: 0.003,
  dropout: 0.1,
  labelSmoothing: 0,
  epochs: mostEpochs,
  batchSize: 256,
};

/** Floating-point operations a millisecond of one core, a cautious figure: it decides epochs, so it is no measurement of this machine. */
const operationsPerMs = 3e7;
/** Of a run's budget, one fit: folds and the other learners want the rest. */
const shareOfFit = 0.04;

export function networkPortfolio(facts: DataFacts): NetworkSettings[] {
  return [realMlp, tabM].map((each) => withinBudget(each, facts));
}

/** Ranges of the papers' searches where they fit the sizes here. */
export function networkSpace({ task }: DataFacts): SearchSpace {
  return [
    { name: 'embedding', kind: 'choice', values: ['none', 'periodic', 'piecewise'] },
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
    { name: 'learningRate', kind: 'log', low: 0.01, high: 0.1 },
    { name: 'weightDecay', kind: 'log', low: 1e-3, high: 0.1 },
    { name: 'dropout', kind: 'choice', values: [0, 0.1, 0.2, 0.3] },
    ...(task.kind === 'class' ? [{ name: 'labelSmoothing', kind: 'choice' as const, values: [0, 0.05, 0.1] }] : []),
  ];
}

/** As many epochs as fit; where they would be too few, narrower layers. */
function withinBudget(settings: NetworkSettings, facts: DataFacts): NetworkSettings {
  const batchSize = facts.rows < 500 ? 64 : facts.rows < 2000 ? 128 : facts.rows < 50_000 ? 256 : 512;
  const epochsOf = (each: typeof settings): number =>
    Math.floor((facts.budgetMs * shareOfFit * operationsPerMs) / (facts.rows * operationsPerRow(each, facts)));
  const half = { ...settings, hidden: settings.hidden.map((units) => units / 2) };
  const fitting = epochsOf(settings) < 2 * fewestEpochs ? half : settings;
  return { ...fitting, epochs: Math.min(mostEpochs, Math.max(fewestEpochs, epochsOf(fitting))), batchSize };
}

/** Forward and backward; products, and about as much again for what is done to each number. */
function operationsPerRow({ hidden, members, embedding, embeddingUnits }: NetworkSettings, facts: DataFacts): number {
  const embedded = embedding === 'none' ? 0 : Math.min(facts.width, 256) * embeddingUnits;
  let [weights, units, inputs] = [0, 0, facts.width + embedded];
  for (const size of [...hidden, outputsOf(facts.task)]) {
    weights += inputs * size;
    units += size;
    inputs = size;
  }
  return members * (6 * weights + 60 * units) + 60 * embedded;
}
