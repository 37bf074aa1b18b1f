import { counterRandom } from '../../../../platform/random.ts';
import { Breather } from '../Breather.ts';
import { checkTarget } from '../checkTarget.ts';
import {
  outputsOf,
  type FitControl,
  type FitData,
  type FittedLearner,
  type LabelledMatrix,
  type Learner,
  type Settings,
} from '../learner.ts';
import { objectiveLoss } from '../objectiveLoss.ts';
import { metrics, type Metric } from './metrics.ts';
import { answerOf, eachRow, nearestModel, type NearestState } from './nearestModel.ts';

export interface NearestSettings extends Settings {
  /** Neighbours; 'best': of those in `counts` the best on validation rows. */
  k: number | 'best';
  metric: Metric;
  weighting: 'uniform' | 'distance';
}

/** More training rows than this are sampled: each is in the model's file and is looked at for every answer. */
export const mostStored = 5000;
/** And so many numbers. */
const mostCells = 2_000_000;
const counts = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89];
/** Validation rows that the number of neighbours is chosen by. */
const mostJudged = 2000;

/**
 * Means of the k nearest training rows: Cover & Hart, IEEE Trans. Inf. Theory 13 (1967); with 1 / distance: Dudani, IEEE Trans. SMC 6
 * (1976). Exact, by all distances. The view is scaled, so that columns of any kind have a say; of equal distances the row stored first
 * is nearer. Above `mostStored` rows a sample is stored, each class by its share (`chosen.stored` says how many). Probabilities count the
 * average of all rows as one more neighbour, so none is 0. Rows of weight 0 are not stored; other weights multiply a neighbour's say.
 */
export const nearestLearner: Learner<NearestSettings> = {
  name: 'nearest',
  view: 'scaled',
  supports: (task) =>
    task.kind === 'class' ||
    task.kind === 'labels' ||
    (task.kind === 'number' && ['squared', 'poisson', 'gamma', 'tweedie'].includes(task.objective.kind)),
  // A repeated row would take two places among the k.
  weightsAreRepeats: false,
  portfolio: () => [{ k: 'best', metric: 'euclidean', weighting: 'distance' }],
  space: () => [
    { name: 'metric', kind: 'choice', values: metrics },
    { name: 'weighting', kind: 'choice', values: ['uniform', 'distance'] },
  ],
  fit,
  restore: (state) => nearestModel(state as NearestState),
};

async function fit(data: FitData, { k, metric, weighting }: NearestSettings, control: FitControl): Promise<FittedLearner> {
  const { task, train, validation } = data;
  if (task.kind === 'number') checkTarget(train.target, task.objective);
  const { width } = train.features;
  const outputs = outputsOf(task);
  const places = storedRows(train, control.seed);
  const all = Int32Array.from({ length: train.features.rows }, (_, row) => row);
  const isNumber = task.kind === 'number';
  const stored = new Float32Array(places.length * width);
  places.forEach((row, at) => stored.set(train.features.data.subarray(row * width, (row + 1) * width), at * width));
  const [answers, everyAnswer] = [answersOf(train, places, outputs), answersOf(train, all, outputs)];
  const state: NearestState = {
    json: {
      width,
      outputs,
      k: 1,
      metric,
      weighting,
      answer: task.kind === 'class' ? 'logarithm' : task.kind === 'labels' ? 'logit' : 'mean',
      doubt: isNumber && task.objective.kind === 'squared' ? 0 : 1,
      chosen: {},
      curve: [],
      ended: 'complete',
    },
    arrays: {
      stored,
      answers,
      weights: Float64Array.from(places, (row) => train.weights?.[row] ?? 1),
      prior: priorOf(everyAnswer, outputs, train.weights, isNumber),
    },
  };
  const breather = new Breather(control);
  const usual = Math.min(places.length, Math.max(5, Math.min(50, Math.round(Math.sqrt(places.length)))));
  const chosenK = typeof k === 'number' ? Math.min(k, places.length) : validation ? await bestCount(state, data, usual, breather) : usual;
  const chosen = { k: chosenK, metric, weighting, stored: places.length };
  return nearestModel({ ...state, json: { ...state.json, k: chosenK, chosen, ended: breather.ended } });
}

function storedRows({ features: { rows, width }, target, weights }: LabelledMatrix, seed: number): Int32Array {
  const usable = Int32Array.from({ length: rows }, (_, row) => row).filter((row) => !weights || weights[row]! > 0);
  const most = Math.max(1, Math.min(mostStored, Math.floor(mostCells / width)));
  if (usable.length <= most) return usable;
  const order = counterRandom(seed).shuffle([...usable]);
  // Sorted by class, every n-th of a shuffled order is a sample by shares.
  if (target.kind === 'class') order.sort((a, b) => target.codes[a]! - target.codes[b]!);
  return Int32Array.from({ length: most }, (_, at) => order[Math.floor(((at + 0.5) * order.length) / most)]!).sort();
}

function answersOf({ target }: LabelledMatrix, rows: Int32Array, outputs: number): Float64Array {
  const answers = new Float64Array(rows.length * outputs);
  rows.forEach((row, at) => {
    if (target.kind === 'class') answers[at * outputs + target.codes[row]!] = 1;
    else if (target.kind === 'number') answers[at] = target.values[row]!;
    else for (let label = 0; label < outputs; label++) answers[at * outputs + label] = target.flags[row * outputs + label]!;
  });
  return answers;
}

/** Average answer; shares stay off 0 and 1 by half a row. */
function priorOf(answers: Float64Array, outputs: number, weights: Float32Array | undefined, isNumber: boolean): Float64Array {
  const sums = new Float64Array(outputs);
  let total = 0;
  for (let row = 0; row * outputs < answers.length; row++) {
    const weight = weights?.[row] ?? 1;
    total += weight;
    for (let output = 0; output < outputs; output++) sums[output]! += weight * answers[row * outputs + output]!;
  }
  // Counts that are all 0 keep half an event.
  if (isNumber) return sums.map((sum) => (sum === 0 ? 0.5 : sum) / total);
  return sums.map((sum) => Math.min(Math.max(sum, 0.5), Math.max(total - 0.5, 0.5)) / Math.max(total, 1));
}

/** One search of the most neighbours serves all numbers of neighbours. */
async function bestCount(state: NearestState, { task, validation, train }: FitData, usual: number, breather: Breather): Promise<number> {
  const { features, target, weights } = validation ?? train;
  const stored = state.arrays.weights.length;
  const tried = counts.filter((each) => each <= stored);
  const most = tried.at(-1)!;
  const { outputs, width } = state.json;
  const judged = Math.min(features.rows, mostJudged);
  const outputsByCount = tried.map(() => new Float32Array(judged * outputs));
  const blockRows = 64;
  for (let start = 0; start < judged; start += blockRows) {
    if (await breather.isOver()) return usual;
    const rows = Math.min(blockRows, judged - start);
    const block = { rows, width, data: features.data.subarray(start * width, (start + rows) * width) };
    eachRow(state, block, most, (row, places, distances) =>
      tried.forEach((count, at) => outputsByCount[at]!.set(answerOf(state, places, distances, count), (start + row) * outputs)),
    );
  }
  const losses = outputsByCount.map((each) => objectiveLoss(each, target, task, weights));
  return tried[losses.indexOf(Math.min(...losses))]!;
}
