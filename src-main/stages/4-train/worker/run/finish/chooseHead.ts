// What stands behind the members of a model, chosen by answers to rows that no member was fitted to: calibration, interval, set.
import type { MetricName } from '../../../../../../src-shared/domain/training.ts';
import { smallestProbability, type Head } from '../../../exportModel.ts';
import { calibrated, type Calibration } from '../../../learners/calibrate/calibration.ts';
import { chooseCalibration, type ChosenCalibration } from '../../../learners/calibrate/chooseCalibration.ts';
import { fitInterval } from '../../../learners/conformal/intervals.ts';
import { fitSet } from '../../../learners/conformal/sets.ts';
import { chooseLabelCalibration } from '../../../learners/calibrate/labelCalibration.ts';
import type { Answers, LabelAnswers } from '../../../metrics/answers.ts';

export interface HeadSettings {
  classes: readonly string[];
  metric: MetricName;
  /** Share of rows whose truth the interval or set is to hold; null: neither is made. */
  coverage: number | null;
  /** No time to compare calibrations, or classes were given other weights, which a curve would take back. */
  onlyTemperature: boolean;
}

export interface ChosenHead {
  head: Head;
  /** Of classes and labels: how well the probabilities said how often they are right; `after` on rows the calibration was not fitted to. */
  calibration: (Omit<ChosenCalibration, 'calibration'> & { rows: number }) | null;
}

/** Rows that a calibration is fitted to; more change nothing but the time. */
const mostRows = 20_000;
/** An isotonic curve a class is many steps for every row. */
const mostIsotonicClasses = 8;
/** Isotonic curves make ties, and ties lose rank. */
const rankMetrics: readonly MetricName[] = ['auc', 'averagePrecision', 'lift10', 'recall5'];

/** `answers`: out of fold, uncalibrated. */
export function chooseHead(answers: Answers, { classes, metric, coverage, onlyTemperature }: HeadSettings): ChosenHead {
  if (answers.kind === 'number') {
    const interval = coverage === null ? null : fitInterval('residual', { outputs: answers.prediction }, answers.truth, coverage);
    return { head: { kind: 'number', interval }, calibration: null };
  }
  if (answers.kind === 'ranking') return { head: { kind: 'number', interval: null }, calibration: null };
  if (answers.kind === 'labels') return labelHead(answers, classes, onlyTemperature ? ['temperature'] : ['temperature', 'platt']);
  const count = classes.length;
  const logits = Float64Array.from(answers.probabilities, (p) => Math.log(Math.max(p, smallestProbability)));
  const step = Math.ceil(answers.truth.length / mostRows);
  const rows = answers.truth.map((_, row) => row).filter((row) => row % step === 0);
  const some = step === 1 ? logits : new Float64Array(rows.length * count);
  if (step > 1) rows.forEach((row, at) => some.set(logits.subarray(row * count, (row + 1) * count), at * count));
  const kinds: Calibration['kind'][] = ['temperature'];
  if (!onlyTemperature) kinds.push('platt');
  if (!onlyTemperature && count <= mostIsotonicClasses && !rankMetrics.includes(metric)) kinds.push('isotonic');
  const { calibration, ...told } = chooseCalibration(
    { logits: some, codes: Int32Array.from(rows, (row) => answers.truth[row]!), classes: count },
    kinds,
  );
  const set =
    coverage === null ? null : fitSet('lac', calibrated(calibration, logits, count), Int32Array.from(answers.truth), count, coverage);
  return { head: { kind: 'class', classes, calibration, set }, calibration: { ...told, rows: rows.length } };
}

function labelHead({ flags, probabilities, labels }: LabelAnswers, names: readonly string[], kinds: Calibration['kind'][]): ChosenHead {
  const rows = flags.length / labels;
  const step = Math.ceil(rows / mostRows);
  const some = Array.from({ length: rows }, (_, row) => row).filter((row) => row % step === 0);
  const logits = new Float64Array(some.length * labels);
  const truths = new Uint8Array(some.length * labels);
  some.forEach((row, at) => {
    for (let label = 0; label < labels; label++) {
      const p = Math.min(Math.max(probabilities[row * labels + label]!, smallestFloat), 1 - smallestFloat);
      logits[at * labels + label] = Math.log(p / (1 - p));
      truths[at * labels + label] = flags[row * labels + label]!;
    }
  });
  const { curves, before, after } = chooseLabelCalibration({ logits, flags: truths, labels }, kinds);
  return { head: { kind: 'labels', labels: names, curves }, calibration: { before, after, rows: some.length } };
}

/** Out-of-fold probabilities are kept in float32, and 1 − p has no more digits than that. */
const smallestFloat = 2 ** -24;
