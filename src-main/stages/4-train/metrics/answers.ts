/** A model's answers beside the truth, row by row. */
export type Answers =
  | {
      kind: 'class';
      /** Index of the true class. */
      truth: Int32Array;
      /** Row-major [rows, classes]; each row sums to 1. */
      probabilities: Float32Array | Float64Array;
      classes: number;
    }
  | {
      kind: 'number';
      truth: Float64Array;
      prediction: Float32Array | Float64Array;
      /** Ranking: the group that each row is of. */
      groups?: Int32Array;
    };

export function rowCount(answers: Answers): number {
  return answers.truth.length;
}

/** The most probable class of each row; the first of equals. */
export function predictedClasses({ truth, probabilities, classes }: Extract<Answers, { kind: 'class' }>): Int32Array {
  const predicted = new Int32Array(truth.length);
  for (let row = 0; row < truth.length; row++) {
    let best = 0;
    for (let each = 1; each < classes; each++) if (probabilities[row * classes + each]! > probabilities[row * classes + best]!) best = each;
    predicted[row] = best;
  }
  return predicted;
}
