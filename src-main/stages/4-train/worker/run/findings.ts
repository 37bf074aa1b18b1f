// What a person should know about a run before trusting it. Codes are worded by the interface.
import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import type { Estimate } from '../../../../../src-shared/domain/names.ts';
import {
  higherIsBetter,
  type Learner,
  type MetricName,
  type Metrics,
  type PairedMetric,
} from '../../../../../src-shared/domain/training.ts';
import { association, labelCounts, leakScore, type RawTable, type Target } from '../../../3-features/api.ts';
import type { Split } from '../../holdout.ts';
import type { FitResult } from '../fit/fitOrder.ts';
import type { Findings } from '../order.ts';

const fewTestRows = 100;
const rareClassShare = 0.1;
const manyMissingTargets = 0.2;
const rowsForLeakCheck = 20_000;

export interface DataFacts {
  target: Target;
  split: Split;
  /** Of the dataset version. */
  rows: number;
  answered: number;
  used: number;
  unreadableImages: number;
}

export function dataFindings({ target, split, rows, answered, used, unreadableImages }: DataFacts): Findings {
  const findings: Findings = [];
  if (answered < rows * (1 - manyMissingTargets)) findings.push({ code: 'missingTarget', params: { rows: rows - answered, total: rows } });
  if (split.test.length < fewTestRows) findings.push({ code: 'fewRows', params: { test: split.test.length, train: split.train.length } });
  if (used < answered) findings.push({ code: 'rowsSampled', params: { used, total: answered } });
  if (unreadableImages > 0) findings.push({ code: 'unreadableImages', params: { images: unreadableImages } });
  if (target.kind === 'class') findings.push(...classFindings(target, split));
  if (target.kind === 'labels') {
    const counts = labelCounts(target, split.train);
    const rarest = counts.indexOf(Math.min(...counts));
    if (counts[rarest] === 0) findings.push({ code: 'classNotInTraining', params: { class: target.labels[rarest]! } });
  }
  return findings;
}

function classFindings(target: Extract<Target, { kind: 'class' }>, split: Split): Findings {
  const findings: Findings = [];
  const counts = new Array<number>(target.classes.length).fill(0);
  for (const row of split.train) counts[target.codes[row]!]!++;
  const rarest = counts.indexOf(Math.min(...counts));
  const share = counts[rarest]! / split.train.length;
  if (counts[rarest] === 0) findings.push({ code: 'classNotInTraining', params: { class: target.classes[rarest]! } });
  else if (share < Math.min(rareClassShare, 0.3 / target.classes.length))
    findings.push({ code: 'imbalanced', params: { class: target.classes[rarest]!, share: round(share), rows: counts[rarest]! } });
  return findings;
}

/** Columns that are used although they alone tell the answer (kept by a person, or all that there was). */
export function leakFindings(
  table: RawTable,
  target: Target,
  trainRows: Int32Array,
  columns: readonly Column[],
  spec: FeatureSpec,
): Findings {
  const step = Math.max(1, Math.floor(trainRows.length / rowsForLeakCheck));
  const rows = trainRows.filter((_, at) => at % step === 0);
  return spec.rules.flatMap((rule) => {
    const raw = rule.kind === 'drop' ? undefined : table.columns.get(rule.column);
    if (!raw) return [];
    const score = association(raw, target, rows, columns.find((each) => each.name === rule.column)?.type === 'text');
    return score !== null && score >= leakScore ? [{ code: 'leak', params: { column: rule.column, score: round(score) } }] : [];
  });
}

/** The best against candidate `place`, paired on the test rows. */
export interface Against {
  place: number;
  learner: Learner;
  difference: Estimate;
  verdict: PairedMetric['verdict'];
}

export interface Outcome {
  /** Loss of the best network at the epoch whose weights are kept; null for what is not trained by epochs. */
  losses: { train: number; validation: number } | null;
  bestTest: Metrics;
  baselineTest: Metrics | null;
  /** Null when there is no baseline or it is the best. */
  againstBaseline: Against | null;
  /** Whether the baseline is the seasonal naive forecast. */
  isNaive: boolean;
  /** The second best of those with a model; null when there is none. */
  againstNext: Against | null;
  parity: number;
  metric: MetricName;
  ended: 'complete' | 'time' | 'asked';
  tried: number;
  planned: number;
}

export function outcomeFindings({
  losses,
  bestTest,
  baselineTest,
  againstBaseline,
  isNaive,
  againstNext,
  parity,
  metric,
  ended,
  tried,
  planned,
}: Outcome): Findings {
  const findings: Findings = [];
  if (ended === 'time') findings.push({ code: 'timeBudget', params: { tried, planned } });
  if (ended === 'asked') findings.push({ code: 'stopped', params: { tried, planned } });
  if (losses && losses.validation > losses.train * 1.3 && losses.validation - losses.train > 0.05)
    findings.push({ code: 'overfitGap', params: { train: round(losses.train), validation: round(losses.validation) } });
  const [own, base] = [bestTest[metric], baselineTest?.[metric]];
  if (againstBaseline)
    findings.push({ code: isNaive ? 'againstNaive' : 'againstBaseline', params: againstParams(againstBaseline, metric) });
  if (againstNext) findings.push({ code: 'againstNext', params: againstParams(againstNext, metric) });
  if (own && base && againstBaseline !== null && againstBaseline.verdict !== 'better')
    findings.push({
      code: isNaive ? 'notBetterThanNaive' : 'notBetterThanBaseline',
      params: { metric, value: round(own.value), baseline: round(base.value) },
    });
  if (parity > 1e-6) findings.push({ code: 'parity', params: { difference: Number(parity.toPrecision(2)) } });
  return findings;
}

/** `gain` and its interval count upwards where the best is better, whatever the metric. */
export function againstParams({ place, learner, difference, verdict }: Against, metric: MetricName): Findings[number]['params'] {
  const { value, low, high, rows } = difference;
  const sign = higherIsBetter[metric] ? 1 : -1;
  const interval =
    low === null || high === null ? {} : { low: round(Math.min(sign * low, sign * high)), high: round(Math.max(sign * low, sign * high)) };
  return { metric, place, learner, gain: round(sign * value), ...interval, rows, verdict };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** What happened to devices and threads in the fits of a run: each kind once, with the number of fits. */
export function machineFindings(fits: readonly (Pick<FitResult, 'notices'> | null)[]): Findings {
  const kinds = new Map<string, Findings[number]>();
  for (const { code, params } of fits.flatMap((fit) => fit?.notices ?? [])) {
    const kind = `${code} ${params['from']} ${params['to']}`;
    const known = kinds.get(kind);
    if (known) known.params['fits'] = Number(known.params['fits']) + 1;
    else kinds.set(kind, { code, params: { ...params, fits: 1 } });
  }
  return [...kinds.values()];
}
