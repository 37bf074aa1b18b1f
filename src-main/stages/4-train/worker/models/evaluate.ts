// A finished model judged on rows that nothing was chosen by.
import { flagsAt, type FittedFeatures, type RawTable, type Target } from '../../../3-features/api.ts';
import type { Answers } from '../../metrics/answers.ts';
import { feedsFor, rowBatches } from '../table/featureMatrix.ts';
import { joinAnswers, type ModelAnswers } from './modelAnswers.ts';
import type { ModelSession } from './modelSession.ts';

type Pause = () => Promise<void>;

/** The model's answers to raw rows, in batches. */
export async function answerRows(
  model: ModelSession,
  fitted: FittedFeatures,
  table: RawTable,
  rows: Int32Array,
  pause: Pause,
): Promise<ModelAnswers> {
  const parts: ModelAnswers[] = [];
  for (const [start, end] of rowBatches(fitted, table, rows)) {
    parts.push(await model.answer(feedsFor(fitted, table, rows.subarray(start, end))));
    await pause();
  }
  return joinAnswers(parts);
}

/** Beside the truth of the same rows. */
export function asAnswers(answers: ModelAnswers, target: Target, rows: Int32Array): Answers {
  if (target.kind === 'number') {
    const truth = Float64Array.from(rows, (row) => target.values[row]!);
    const prediction = answers.prediction as Float32Array;
    const { groups, naiveErrors } = target;
    return groups
      ? { kind: 'ranking', relevance: truth, scores: prediction, groups: rows.map((row) => groups[row]!) }
      : { kind: 'number', truth, prediction, ...(naiveErrors ? { naiveErrors: Float64Array.from(rows, (row) => naiveErrors[row]!) } : {}) };
  }
  if (target.kind === 'labels')
    return { kind: 'labels', flags: flagsAt(target, rows), probabilities: answers.probabilities!, labels: target.labels.length };
  return {
    kind: 'class',
    truth: Int32Array.from(rows, (row) => target.codes[row]!),
    probabilities: answers.probabilities!,
    classes: target.classes.length,
  };
}

/**
 * Largest difference between the exported model's answers and `expected`, the trainers' own: probabilities, or values relative
 * to the larger of their size and `scale`.
 */
export function parityOf(answers: ModelAnswers, expected: Float64Array, scale: number): number {
  const found = answers.probabilities ?? (answers.prediction as Float32Array);
  let largest = 0;
  for (let at = 0; at < expected.length; at++) {
    const size = answers.probabilities ? 1 : Math.max(scale, Math.abs(expected[at]!));
    largest = Math.max(largest, Math.abs(found[at]! - expected[at]!) / size);
  }
  return largest;
}

const warmUpRuns = 20;
const timedRuns = 200;
/** A large forest takes milliseconds a row: fewer runs say it as well. */
const longestTimingMs = 250;
const fewestRuns = 5;

/** Median milliseconds of one row, session already warm. */
export async function timeOneRow(model: ModelSession, fitted: FittedFeatures, table: RawTable, rows: Int32Array): Promise<number> {
  const feeds = feedsFor(fitted, table, rows.subarray(0, 1));
  return medianMs(() => model.answer(feeds));
}

/** Median milliseconds of a call that takes fractions of one, after warming up. */
export async function medianMs(call: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  const hasTime = (share: number): boolean => performance.now() - begunMs < longestTimingMs * share;
  for (let run = 0; run < warmUpRuns && (run === 0 || hasTime(0.2)); run++) await call();
  const times: number[] = [];
  while (times.length < timedRuns && (times.length < fewestRuns || hasTime(1))) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
