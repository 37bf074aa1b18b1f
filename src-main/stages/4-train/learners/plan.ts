// Which settings are tried, in which order. Depends on the request alone, never on time: the same run tries the same candidates.
import type { Task } from '../../../../src-shared/domain/features.ts';
import type { Learner } from '../../../../src-shared/domain/training.ts';
import { counterRandom } from '../../../platform/random.ts';

export interface Plan {
  learner: Learner;
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

export interface PlanInput {
  task: Task;
  learners: readonly Learner[];
  trainRows: number;
  timeBudgetMs: number;
  seed: number;
}

/** Fixed settings first (they are good on most tables), then a random search; more of it for a longer budget. */
export function planCandidates({ learners, trainRows, timeBudgetMs, seed }: PlanInput): Plan[] {
  const batchSize = trainRows < 1000 ? 32 : trainRows < 10_000 ? 64 : trainRows < 100_000 ? 128 : 256;
  const common = { batchSize, maxEpochs: 200, dropout: 0, hidden: [] as number[], seed };
  const plans: Plan[] = [];
  if (learners.includes('baseline')) plans.push({ ...common, learner: 'baseline', learningRate: 0, weightDecay: 0, maxEpochs: 0 });
  if (learners.includes('linear'))
    for (const weightDecay of [0, 0.1, 1]) plans.push({ ...common, learner: 'linear', learningRate: 0.01, weightDecay });
  if (learners.includes('mlp')) {
    const searched = Math.min(24, Math.max(3, Math.round(timeBudgetMs / 15_000)));
    plans.push({ ...common, learner: 'mlp', hidden: [64], learningRate: 0.003, weightDecay: 0.1, dropout: 0.1 });
    for (let at = 1; at < searched; at++) plans.push({ ...common, learner: 'mlp', ...drawSettings(seed, at), seed: seed + at });
  }
  return plans;
}

const hiddenChoices = [[32], [64], [128], [64, 32], [128, 64]];
const dropoutChoices = [0, 0.1, 0.3];

/** Random search: Bergstra & Bengio, J. Mach. Learn. Res. 13 (2012) 281–305. Rates and decays are drawn on a logarithmic scale. */
function drawSettings(seed: number, at: number): Pick<Plan, 'hidden' | 'learningRate' | 'weightDecay' | 'dropout'> {
  const random = counterRandom(seed, at * 16);
  const logarithmic = (low: number, high: number): number => Number((low * (high / low) ** random.next()).toPrecision(3));
  return {
    hidden: hiddenChoices[random.integer(hiddenChoices.length)]!,
    dropout: dropoutChoices[random.integer(dropoutChoices.length)]!,
    learningRate: logarithmic(5e-4, 1e-2),
    weightDecay: logarithmic(1e-3, 3),
  };
}

/** What people see of a plan. */
export function settingsOf({ learner, hidden, learningRate, weightDecay, dropout, batchSize }: Plan): Record<string, number | number[]> {
  if (learner === 'baseline') return {};
  const shared = { learningRate, weightDecay, batchSize };
  return learner === 'linear' ? shared : { hidden, dropout, ...shared };
}
