import { GraphBuilder, type Graph } from '../../../../compiler/index.ts';
import { fittedFrom, type Told } from '../fitted.ts';
import type { Matrix } from '../matrix.ts';
import {
  outputsOf,
  type FitData,
  type FittedLearner,
  type LabelledMatrix,
  type Learner,
  type LearnerState,
  type NumberObjective,
} from '../learner.ts';
import { objectiveLoss } from '../objectiveLoss.ts';
import { weightedQuantile, weightedQuantiles } from '../weightedQuantile.ts';

interface BaselineState extends LearnerState {
  json: Told & { width: number; naive: Naive | null };
  arrays: { outputs: Float32Array };
}

/** The column that holds the seasonal naive forecast; where it is missing the constant answers, and nothing below `least` is answered. */
interface Naive {
  column: number;
  least: number | null;
}

/**
 * What is known without looking at any column: each class's share of the training rows, or the constant that the objective
 * wants (mean, median, quantiles). Where rows are in the order of time, also the last value seen, if that does better on
 * validation rows. Of a forecasting table, the seasonal naive forecast: what was at the same place of the last season that is known.
 * Others are measured against it.
 */
export const baselineLearner: Learner = {
  name: 'baseline',
  // Cells as they are.
  view: 'codes',
  supports: () => true,
  weightsAreRepeats: true,
  portfolio: () => [{}],
  space: () => [],
  fit: (data) => Promise.resolve(fitBaseline(data)),
  restore: (state) => restore(state as BaselineState),
  // Of logits and numbers alike the mean is a constant again.
  merge: (fitted) => {
    const states = fitted.map((each) => each.state() as BaselineState);
    const outputs = states[0]!.arrays.outputs.map(
      (_, at) => states.reduce((sum, each) => sum + each.arrays.outputs[at]!, 0) / states.length,
    );
    return restore({ json: states[0]!.json, arrays: { outputs } });
  },
};

function fitBaseline({ task, columns, train, validation, ordered = false }: FitData): FittedLearner {
  let outputs = constantOf(train, task.kind === 'number' ? task.objective : { kind: 'squared' });
  let answer = task.kind === 'class' || task.kind === 'labels' ? 'shares' : 'constant';
  const naive = naiveOf(task, columns, train.features, outputs);
  if (naive) answer = 'seasonalNaive';
  else if (ordered && validation && task.kind === 'number' && train.target.kind === 'number') {
    const last = new Float64Array(outputsOf(task)).fill(train.target.values.at(-1)!);
    const loss = (row: Float64Array): number =>
      objectiveLoss(repeated(row, validation.features.rows), validation.target, task, validation.weights);
    if (loss(last) < loss(outputs)) [outputs, answer] = [last, 'last'];
  }
  return restore({
    json: { width: train.features.width, naive, chosen: { answer }, curve: [], ended: 'complete' },
    arrays: { outputs: Float32Array.from(outputs) },
  });
}

/** A mean of a positive quantity is not 0: a forecast of 0 would be infinitely wrong by a deviance. */
const leastShare = 0.01;

function naiveOf(
  task: FitData['task'],
  columns: FitData['columns'],
  features: FitData['train']['features'],
  outputs: Float64Array,
): Naive | null {
  const column = columns.findIndex((each) => each.isNaiveForecast === true);
  // Where the time did not reach for a look at the features there are none.
  if (column < 0 || task.kind !== 'number' || features.data.length === 0) return null;
  const { kind } = task.objective;
  const isPositive = kind === 'poisson' || kind === 'gamma' || kind === 'tweedie';
  return { column, least: isPositive ? Math.fround(leastShare * outputs[0]!) : null };
}

function constantOf({ target, weights }: LabelledMatrix, objective: NumberObjective): Float64Array {
  const weightOf = (row: number): number => (weights ? weights[row]! : 1);
  if (target.kind === 'class') {
    const counts = new Float64Array(target.classes);
    target.codes.forEach((code, row) => (counts[code]! += weightOf(row)));
    const total = counts.reduce((sum, each) => sum + each, 0);
    // Half a row for a class that training has not met: its probability is small, not zero.
    return counts.map((count) => Math.log(Math.max(count, 0.5) / total));
  }
  if (target.kind === 'labels') {
    const { flags, labels } = target;
    const counts = new Float64Array(labels);
    let total = 0;
    for (let row = 0; row < flags.length / labels; row++) {
      total += weightOf(row);
      for (let label = 0; label < labels; label++) counts[label]! += weightOf(row) * flags[row * labels + label]!;
    }
    return counts.map((count) => Math.log(Math.max(count, 0.5) / Math.max(total - count, 0.5)));
  }
  const { values } = target;
  if (objective.kind === 'quantile') return Float64Array.from(weightedQuantiles(values, objective.levels, weights));
  // Huber's own constant lies between mean and median; the median is as sturdy.
  if (objective.kind === 'absolute' || objective.kind === 'huber') return Float64Array.of(weightedQuantile(values, 0.5, weights));
  let [sum, total] = [0, 0];
  values.forEach((value, row) => {
    sum += weightOf(row) * value;
    total += weightOf(row);
  });
  return Float64Array.of(sum / total);
}

function restore(state: BaselineState): FittedLearner {
  const { outputs } = state.arrays;
  const { width, naive } = state.json;
  if (!naive) return fittedFrom(state, { predict: ({ rows }) => repeated(outputs, rows), graph: () => baselineGraph(width, outputs) });
  return fittedFrom(state, {
    predict: (features) => naiveAnswers(naive, features, outputs),
    graph: () => naiveGraph(width, naive, outputs),
  });
}

function repeated(row: Float32Array | Float64Array, rows: number): Float32Array {
  const all = new Float32Array(rows * row.length);
  for (let at = 0; at < rows; at++) all.set(row, at * row.length);
  return all;
}

function naiveAnswers({ column, least }: Naive, { rows, width, data }: Matrix, outputs: Float32Array): Float32Array {
  const answers = repeated(outputs, rows);
  for (let row = 0; row < rows; row++) {
    const cell = data[row * width + column]!;
    if (!Number.isNaN(cell)) answers.fill(least === null ? cell : Math.max(cell, least), row * outputs.length, (row + 1) * outputs.length);
  }
  return answers;
}

function naiveGraph(width: number, { column, least }: Naive, outputs: Float32Array): Graph {
  const g = new GraphBuilder('baseline');
  const features = g.input('features', 'float32', ['N', width]);
  const shape = ['N', 1];
  const cell = g.op('Gather', [features, g.int64([column])], { attributes: { axis: 1 }, output: { shape } });
  const limited = least === null ? cell : g.op('Max', [cell, g.scalar(least)], { output: { shape } });
  const missing = g.op('IsNaN', [cell], { output: { dtype: 'bool', shape } });
  const answers = g.op('Where', [missing, g.float32(outputs, [1, outputs.length]), limited], {
    output: { dtype: 'float32', shape: ['N', outputs.length] },
  });
  g.output(answers, 'outputs');
  return g.build();
}

/** The features only say how many rows there are. */
function baselineGraph(width: number, outputs: Float32Array): Graph {
  const g = new GraphBuilder('baseline');
  const features = g.input('features', 'float32', ['N', width]);
  const rows = g.op('Shape', [features], { attributes: { start: 0, end: 1 }, output: { dtype: 'int64', shape: [1] } });
  const shape = g.op('Concat', [rows, g.int64([1])], { attributes: { axis: 0 }, output: { shape: [2] } });
  g.output(g.op('Expand', [g.float32(outputs, [1, outputs.length]), shape], { output: { shape: ['N', outputs.length] } }), 'outputs');
  return g.build();
}
