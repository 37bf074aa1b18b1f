// What a row's answer costs, for racing and for choosing an ensemble.
import type { Objective } from '../../../../src-shared/domain/training.ts';
import { numberObjective } from '../objective.ts';
import { numberLoss } from '../learners/objectiveLoss.ts';

/** Classes, or values in their own units; without an objective a number's loss is the squared error. */
export type RowTarget = { kind: 'class'; codes: Int32Array } | { kind: 'number'; values: Float64Array; objective?: Objective };

const smallestProbability = 1e-7;

/** −log of the true class's probability (limited to 1e-7), or the loss of the objective. `rows` are positions in `target`, answers follow them. */
export function rowLosses(answers: Float32Array | Float64Array, outputs: number, target: RowTarget, rows: Int32Array): Float64Array {
  return target.kind === 'class'
    ? Float64Array.from(rows, (row, at) => -Math.log(Math.max(answers[at * outputs + target.codes[row]!]!, smallestProbability)))
    : numberLosses(answers, target, rows);
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

/** Mean over the rows: log loss, or mean of the objective's loss (squared error without one). */
export function meanLoss(answers: Float32Array | Float64Array, outputs: number, target: RowTarget, rows: Int32Array): number {
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
