// How right the stored answers were, once the truth is known.
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import { labelsOfTruth } from '../../../../src-shared/domain/target.ts';
import type { Metrics } from '../../../../src-shared/domain/training.ts';
import type { ReadableDb } from '../../../platform/sqlite.ts';
import { answersOf, type StoredAnswer } from './storedRows.ts';

export interface PerformanceQuery {
  endpoint: string;
  version: number;
  task: ModelSignature['task'];
  /** Empty for numbers. */
  classes: readonly string[];
  windowRows: number;
}

export interface Performance {
  /** Rows with truth, the newest, at most `windowRows`. */
  labelled: number;
  metrics: Metrics;
}

/** Intervals are drawn with this seed, so that the same rows give the same figures. */
const seed = 7;

export async function measurePerformance(
  db: ReadableDb,
  { endpoint, version, task, classes, windowRows }: PerformanceQuery,
): Promise<Performance> {
  const rows = db
    .prepare<[string, number, number], { seq: number; row: number; truth: string; output: string; rows: number }>(
      `SELECT t.seq, t.row, t.truth, r.output, r.rows FROM truth t JOIN requests r ON r.seq = t.seq
       WHERE t.endpoint = ? AND r.version = ? AND r.output IS NOT NULL ORDER BY t.seq DESC, t.row LIMIT ?`,
    )
    .all(endpoint, version, windowRows);
  const pairs: Pair[] = [];
  let lastSeq = -1;
  let answers: StoredAnswer[] = [];
  for (const { seq, row, truth, output, rows: requestRows } of rows) {
    if (seq !== lastSeq) answers = answersOf(output, requestRows, classes);
    lastSeq = seq;
    const answer = answers[row];
    if (answer && answer.prediction !== null) pairs.push({ truth, answer });
  }
  const answersWithTruth =
    task === 'multilabel' ? labelAnswers(pairs, classes) : classes.length > 0 ? classAnswers(pairs, classes) : numberAnswers(pairs);
  // An order cannot be judged: which rows belong together is not told.
  if (pairs.length === 0 || !answersWithTruth || task === 'ranking') return { labelled: 0, metrics: {} };
  const { measure } = await import('../../4-train/api.ts'); // large, and only needed once truth has come
  return { labelled: pairs.length, metrics: measure(answersWithTruth, seed) };
}

interface Pair {
  truth: string;
  answer: StoredAnswer;
}

/** The truth is a JSON array of names, or one name; names that the model does not know are passed over. */
function labelAnswers(pairs: readonly Pair[], labels: readonly string[]) {
  const flags = new Uint8Array(pairs.length * labels.length);
  const probabilities = new Float64Array(flags.length);
  pairs.forEach(({ truth, answer }, row) => {
    const own = labelsOfTruth(truth);
    const answered = labelsOfTruth(String(answer.prediction));
    labels.forEach((label, at) => {
      flags[row * labels.length + at] = Number(own.includes(label));
      probabilities[row * labels.length + at] = answer.probabilities?.[at] ?? Number(answered.includes(label));
    });
  });
  return { kind: 'labels' as const, flags, probabilities, labels: labels.length };
}

function classAnswers(pairs: readonly Pair[], classes: readonly string[]) {
  const known = pairs.filter(({ truth }) => classes.includes(truth));
  if (known.length === 0) return null;
  const probabilities = new Float64Array(known.length * classes.length);
  known.forEach(({ answer }, row) => {
    const given = answer.probabilities ?? classes.map((name) => Number(name === String(answer.prediction)));
    probabilities.set(given.slice(0, classes.length), row * classes.length);
  });
  const truth = Int32Array.from(known, (each) => classes.indexOf(each.truth));
  return { kind: 'class' as const, truth, probabilities, classes: classes.length };
}

function numberAnswers(pairs: readonly Pair[]) {
  return {
    kind: 'number' as const,
    truth: Float64Array.from(pairs, ({ truth }) => Number(truth)),
    prediction: Float64Array.from(pairs, ({ answer }) => Number(answer.prediction)),
  };
}
