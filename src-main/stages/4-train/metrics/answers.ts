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
      /** Of a forecast: what each row's error is divided by for MASE; NaN where that is not known. */
      naiveErrors?: Float64Array;
    }
  | LabelAnswers
  | RankingAnswers;

/** Any subset of labels. */
export interface LabelAnswers {
  kind: 'labels';
  /** Row-major [rows, labels], 1 where the row has the label. */
  flags: Uint8Array;
  /** Row-major [rows, labels], each by itself. */
  probabilities: Float32Array | Float64Array;
  labels: number;
}

/** An order within groups. */
export interface RankingAnswers {
  kind: 'ranking';
  /** ≥ 0. */
  relevance: Float64Array;
  /** Larger is earlier. */
  scores: Float32Array | Float64Array;
  /** Code of the group of each row. */
  groups: Int32Array;
}

export function rowCount(answers: Answers): number {
  switch (answers.kind) {
    case 'labels':
      return answers.flags.length / answers.labels;
    case 'ranking':
      return answers.groups.length;
    default:
      return answers.truth.length;
  }
}

/** Probabilities, numbers or scores, row by row. */
export function cellsOf(answers: Answers): Float32Array | Float64Array {
  switch (answers.kind) {
    case 'class':
    case 'labels':
      return answers.probabilities;
    case 'number':
      return answers.prediction;
    case 'ranking':
      return answers.scores;
  }
}

/** The same rows with other answers. */
export function withCells(answers: Answers, cells: Float32Array | Float64Array): Answers {
  switch (answers.kind) {
    case 'class':
    case 'labels':
      return { ...answers, probabilities: cells };
    case 'number':
      return { ...answers, prediction: cells };
    case 'ranking':
      return { ...answers, scores: cells };
  }
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

/** From here on a label is answered. */
export const labelThreshold = 0.5;
