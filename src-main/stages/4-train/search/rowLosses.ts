// What a row's answer costs, for racing and for choosing an ensemble.
/** Classes, or values in their own units. */
export type RowTarget = { kind: 'class'; codes: Int32Array } | { kind: 'number'; values: Float64Array };

const smallestProbability = 1e-7;

/** −log of the true class's probability (limited to 1e-7), or the squared error. `rows` are positions in `target`, answers follow them. */
export function rowLosses(answers: Float32Array | Float64Array, outputs: number, target: RowTarget, rows: Int32Array): Float64Array {
  return target.kind === 'class'
    ? Float64Array.from(rows, (row, at) => -Math.log(Math.max(answers[at * outputs + target.codes[row]!]!, smallestProbability)))
    : Float64Array.from(rows, (row, at) => (answers[at]! - target.values[row]!) ** 2);
}

/** Mean over the rows: log loss or mean squared error. */
export function meanLoss(answers: Float32Array | Float64Array, outputs: number, target: RowTarget, rows: Int32Array): number {
  let sum = 0;
  if (target.kind === 'class') {
    for (let at = 0; at < rows.length; at++) {
      sum -= Math.log(Math.max(answers[at * outputs + target.codes[rows[at]!]!]!, smallestProbability));
    }
  } else for (let at = 0; at < rows.length; at++) sum += (answers[at]! - target.values[rows[at]!]!) ** 2;
  return sum / rows.length;
}
