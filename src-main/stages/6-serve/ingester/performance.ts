// How right the stored answers were, once the truth is known.
import type { Metrics } from '../../../../src-shared/domain/training.ts';
import type { ReadableDb } from '../../../platform/sqlite.ts';
import { measure } from '../../4-train/metrics/measure.ts';
import { answersOf, type StoredAnswer } from './storedRows.ts';

export interface PerformanceQuery {
  endpoint: string;
  version: number;
  /** Empty for regression. */
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

export function measurePerformance(db: ReadableDb, { endpoint, version, classes, windowRows }: PerformanceQuery): Performance {
  const rows = db
    .prepare<[string, number, number], { seq: number; row: number; truth: string; output: string; rows: number }>(
      `SELECT t.seq, t.row, t.truth, r.output, r.rows FROM truth t JOIN requests r ON r.seq = t.seq
       WHERE t.endpoint = ? AND r.version = ? AND r.output IS NOT NULL ORDER BY t.seq DESC, t.row LIMIT ?`,
    )
    .all(endpoint, version, windowRows);
  const pairs: { truth: string; answer: StoredAnswer }[] = [];
  let lastSeq = -1;
  let answers: StoredAnswer[] = [];
  for (const { seq, row, truth, output, rows: requestRows } of rows) {
    if (seq !== lastSeq) answers = answersOf(output, requestRows, classes);
    lastSeq = seq;
    const answer = answers[row];
    if (answer && answer.prediction !== null) pairs.push({ truth, answer });
  }
  if (pairs.length === 0) return { labelled: 0, metrics: {} };
  return { labelled: pairs.length, metrics: classes.length > 0 ? measureClasses(pairs, classes) : measureNumbers(pairs) };
}

function measureClasses(pairs: readonly { truth: string; answer: StoredAnswer }[], classes: readonly string[]): Metrics {
  const known = pairs.filter(({ truth }) => classes.includes(truth));
  if (known.length === 0) return {};
  const probabilities = new Float64Array(known.length * classes.length);
  known.forEach(({ answer }, row) => {
    const given = answer.probabilities ?? classes.map((name) => Number(name === String(answer.prediction)));
    probabilities.set(given.slice(0, classes.length), row * classes.length);
  });
  const truth = Int32Array.from(known, (each) => classes.indexOf(each.truth));
  return measure({ kind: 'class', truth, probabilities, classes: classes.length }, seed);
}

function measureNumbers(pairs: readonly { truth: string; answer: StoredAnswer }[]): Metrics {
  return measure(
    {
      kind: 'number',
      truth: Float64Array.from(pairs, ({ truth }) => Number(truth)),
      prediction: Float64Array.from(pairs, ({ answer }) => Number(answer.prediction)),
    },
    seed,
  );
}
