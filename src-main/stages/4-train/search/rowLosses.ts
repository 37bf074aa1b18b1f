// What a row's answer costs, for racing and for choosing an ensemble.
import type { Objective } from '../../../../src-shared/domain/training.ts';
import { numberObjective } from '../objective.ts';
import { numberLoss } from '../learners/objectiveLoss.ts';
import { labelLosses } from '../metrics/labelMetrics.ts';
import { groupValues } from '../metrics/rankingMetrics.ts';

/** Classes, labels, or values in their own units; without an objective a number's loss is the squared error. */
export type RowTarget =
  | { kind: 'class'; codes: Int32Array }
  | { kind: 'labels'; flags: Uint8Array; labels: number }
  | { kind: 'ranking'; relevance: Float64Array; groups: Int32Array }
  | { kind: 'number'; values: Float64Array; objective?: Objective };

const smallestProbability = 1e-7;

/**
 * −log of the true class's probability (limited to 1e-7), of labels the mean over labels, or the loss of the objective. Of rankings one
 * figure a group in place of one a row: 1 − NDCG of ten, for groups with anything relevant. `rows` are positions in `target`, answers follow them.
 */
export function rowLosses(answers: Float32Array | Float64Array, outputs: number, target: RowTarget, rows: Int32Array): Float64Array {
  switch (target.kind) {
    case 'class':
      return Float64Array.from(rows, (row, at) => -Math.log(Math.max(answers[at * outputs + target.codes[row]!]!, smallestProbability)));
    case 'labels': {
      const { labels } = target;
      const flags = new Uint8Array(rows.length * labels);
      rows.forEach((row, at) => flags.set(target.flags.subarray(row * labels, (row + 1) * labels), at * labels));
      return labelLosses({ flags, probabilities: answers, labels }, smallestProbability);
    }
    case 'ranking': {
      const relevance = Float64Array.from(rows, (row) => target.relevance[row]!);
      const groups = rows.map((row) => target.groups[row]!);
      const gains = groupValues({ kind: 'ranking', relevance, scores: answers, groups }, 'ndcg10');
      return gains.filter((gain) => !Number.isNaN(gain)).map((gain) => 1 - gain);
    }
    case 'number':
      return numberLosses(answers, target, rows);
  }
}

function numberLosses(answers: ArrayLike<number>, target: Extract<RowTarget, { kind: 'number' }>, rows: Int32Array): Float64Array {
  const loss = lossOf(target);
  return Float64Array.from(rows, (row, at) => loss(answers[at]!, target.values[row]!));
}

function lossOf({ objective }: Extract<RowTarget, { kind: 'number' }>): (answer: number, value: number) => number {
  if (!objective || objective.kind === 'squared') return (answer, value) => (answer - value) ** 2;
  const own = numberObjective(objective);
  return (answer, value) => numberLoss(answer, value, own);
}

/** Mean of {@link rowLosses}; squared error for numbers without an objective. */
export function meanLoss(answers: Float32Array | Float64Array, outputs: number, target: RowTarget, rows: Int32Array): number {
  if (target.kind === 'labels' || target.kind === 'ranking') {
    const losses = rowLosses(answers, outputs, target, rows);
    return losses.reduce((sum, each) => sum + each, 0) / losses.length;
  }
  let sum = 0;
  if (target.kind === 'class') {
    for (let at = 0; at < rows.length; at++) {
      sum -= Math.log(Math.max(answers[at * outputs + target.codes[rows[at]!]!]!, smallestProbability));
    }
  } else {
    const loss = lossOf(target);
    for (let at = 0; at < rows.length; at++) sum += loss(answers[at]!, target.values[rows[at]!]!);
  }
  return sum / rows.length;
}
