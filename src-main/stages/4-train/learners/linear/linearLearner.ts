import { Breather } from '../Breather.ts';
import { checkTarget } from '../checkTarget.ts';
import {
  type FitControl,
  type FitData,
  type FittedLearner,
  type LabelledMatrix,
  type Learner,
  type LearnerTarget,
  type Settings,
} from '../learner.ts';
import { objectiveLoss } from '../objectiveLoss.ts';
import { exact, rough } from './fitPenalised.ts';
import { bounded, linearModel, mergeLinear, stateOf, type LinearState } from './linearModel.ts';
import { linearProblem, type LinearProblem } from './linearProblem.ts';

export interface LinearSettings extends Settings {
  /** Share of the penalty that is l1: 0 ridge, 1 lasso, between them the elastic net. Quantiles are fitted with l2 only. */
  l1Ratio: number;
  /** Strength of the penalty per row of weight 1, the target standardised; 'path': chosen on validation rows. */
  lambda: number | 'path';
}

/** Steps of a path, from strong to weak, that may be worse than the best before it ends. */
const patience = 3;
const l1Steps = 25;
const ridgeSteps = 13;
const quantileSteps = 6;
/** Rows that the loss on training rows is told of. */
const judgedRows = 20_000;
/** Below this share of l1 hardly any weight becomes 0: the path is that of ridge regression. */
const leastL1 = 0.01;

/**
 * Linear, logistic and softmax regression; Poisson, gamma and Tweedie with a log link; Huber and quantile regression: penalised as in the
 * elastic net. Friedman, Hastie & Tibshirani, J. Stat. Softw. 33 (2010); quantiles see `fitQuantile`. Ranking learns the relevance as a
 * number.
 *
 * Constant columns get weight 0; of collinear columns without a penalty the later ones. Separable classes end at the weakest penalty
 * of the path. A class that training does not have keeps half a row's probability.
 */
export const linearLearner: Learner<LinearSettings> = {
  name: 'linear',
  view: 'scaled',
  supports: () => true,
  weightsAreRepeats: true,
  portfolio: ({ task }) => [{ l1Ratio: 0, lambda: 'path' }, ...(hasL1(task) ? [{ l1Ratio: 1, lambda: 'path' } as const] : [])],
  space: ({ task }) => (hasL1(task) ? [{ name: 'l1Ratio', kind: 'linear', low: 0, high: 1 }] : []),
  fit,
  restore: (state) => linearModel(state as LinearState),
  merge: mergeLinear,
};

function hasL1(task: FitData['task']): boolean {
  return !(task.kind === 'number' && (task.objective.kind === 'quantile' || task.objective.kind === 'absolute'));
}

async function fit(data: FitData, settings: LinearSettings, control: FitControl): Promise<FittedLearner> {
  const { task, train } = data;
  if (task.kind === 'number') checkTarget(train.target, task.objective);
  const l1Ratio = hasL1(task) ? settings.l1Ratio : 0;
  const breather = new Breather(control);
  const problem = linearProblem(data, control.runtime);
  try {
    return await alongPath(data, settings, problem, l1Ratio, breather, control);
  } finally {
    await problem.release();
  }
}

async function alongPath(
  { task, train, validation }: FitData,
  settings: LinearSettings,
  problem: LinearProblem,
  l1Ratio: number,
  breather: Breather,
  control: FitControl,
): Promise<FittedLearner> {
  const lambdas = settings.lambda === 'path' ? pathOf(problem, l1Ratio, validation !== undefined, hasL1(task)) : [settings.lambda];
  const precision = lambdas.length > 1 ? rough : exact;
  const judged = firstRows(train);
  const startedMs = control.nowMs();
  let best: { state: LinearState; loss: number; at: number } | null = null;
  const curve: FittedLearner['curve'] = [];
  let fits: Awaited<ReturnType<LinearProblem['fit']>> | null = null;
  for (const [at, lambda] of lambdas.entries()) {
    // Something is always fitted, were it only the intercepts.
    if (best && ((await breather.isOver()) || at - best.at > patience)) break;
    fits = await problem.fit({ l1: lambda * l1Ratio, l2: lambda * (1 - l1Ratio) }, fits, breather, precision);
    const nonZero = fits.reduce((sum, { weights }) => sum + weights.reduce((count, each) => count + Number(each !== 0), 0), 0);
    const chosen = { l1Ratio, lambda: Number(lambda.toPrecision(6)), nonZero };
    const state = stateOf(problem.inUnits(fits), problem.link, { chosen, curve: [], ended: 'complete' });
    const lossOf = async (rows: FitData['train']): Promise<number> =>
      objectiveLoss(await linearModel(state).predict(rows.features), rows.target, task, rows.weights);
    const loss = validation ? await lossOf(validation) : -at;
    const point = {
      step: at + 1,
      epoch: at + 1,
      trainLoss: await lossOf(judged),
      validationLoss: validation ? loss : null,
      elapsedMs: Math.round(control.nowMs() - startedMs),
      memoryBytes: control.memoryBytes?.() ?? null,
    };
    curve.push(point);
    control.onPoint(point);
    if (!best || loss < best.loss) best = { state, loss, at };
  }
  const { json, arrays } = bounded(best!.state, train.features);
  return linearModel({ json: { ...json, curve, ended: breather.ended }, arrays });
}

/**
 * From strong to weak. With l1 from where the first weight becomes other than 0 (§2.5 of the source); ridge from 1 to 1e-6. Without validation
 * rows one value, 1 over the weight of the rows: what other libraries take where nothing is said (C = 1).
 */
function pathOf(problem: LinearProblem, l1Ratio: number, isChosen: boolean, isQuick: boolean): number[] {
  if (!isChosen) return [1 / problem.totalWeight];
  // A quantile takes an interior point method afresh at every penalty.
  if (!isQuick) return Array.from({ length: quantileSteps }, (_, at) => 10 ** (-1 - at));
  if (l1Ratio < leastL1) return Array.from({ length: ridgeSteps }, (_, at) => 10 ** (-at / 2));
  const strongest = Math.max(problem.largestSlope() / l1Ratio, 1e-12);
  const weakest = problem.rows > problem.width ? 1e-4 : 1e-2;
  return Array.from({ length: l1Steps }, (_, at) => strongest * weakest ** (at / (l1Steps - 1)));
}

function firstRows({ features, target, weights }: LabelledMatrix): LabelledMatrix {
  const rows = Math.min(features.rows, judgedRows);
  const cut = (): LearnerTarget => {
    if (target.kind === 'class') return { ...target, codes: target.codes.subarray(0, rows) };
    if (target.kind === 'labels') return { ...target, flags: target.flags.subarray(0, rows * target.labels) };
    return { ...target, values: target.values.subarray(0, rows) };
  };
  return {
    features: { ...features, rows, data: features.data.subarray(0, rows * features.width) },
    target: cut(),
    ...(weights?.subarray(0, rows).some((each) => each > 0) && { weights: weights.subarray(0, rows) }),
  };
}
