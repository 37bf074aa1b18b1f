// From counts to verdicts: pure, so that every rule can be tested by itself.
import type { Estimate } from '../../../src-shared/domain/names.ts';
import { higherIsBetter, type MetricName, type Reference, type ReferenceColumn } from '../../../src-shared/domain/training.ts';
import type { Alert, MonitorReport, MonitorSettings } from '../../../src-shared/rpc/monitor.ts';
import type { ColumnCounts, Counts } from '../6-serve/api.ts';
import { normalQuantile, psi, psiNoise } from './psi.ts';

type Verdict = 'ok' | 'watch' | 'critical' | 'tooFewRows';
export type ColumnVerdict = Omit<MonitorReport['columns'][number], 'history'>;

/** One thing that an alert can be about, as this evaluation found it. */
export interface Check {
  kind: Alert['kind'];
  column: string | null;
  value: number;
  limit: number;
  reference: number | null;
  rows: number;
  /** `over`: past its limit. `calm`: well within it. `between`: neither, so an alert neither opens nor closes. */
  state: 'over' | 'between' | 'calm';
}

/** Chance of any false alarm among all columns of one evaluation. */
const familyAlpha = 0.01;
/** An alert closes when the value has come this far below its limit. */
const calmShare = 0.8;

export function judgeColumns(
  reference: Reference,
  counts: Counts,
  settings: MonitorSettings,
): { columns: ColumnVerdict[]; prediction: ColumnVerdict | null; checks: Check[] } {
  const alpha = familyAlpha / Math.max(1, counts.columns.length + 1);
  const checks: Check[] = [];
  const columns = counts.columns.flatMap((column) => {
    const expected = reference.columns.find(({ name }) => name === column.name);
    if (!expected) return [];
    const judged = judgeColumn(expected, column, settings, alpha);
    checks.push(...judged.checks.map((check) => ({ ...check, column: column.name })));
    return [judged.verdict];
  });
  let prediction: ColumnVerdict | null = null;
  if (counts.prediction) {
    const judged = judgeColumn(reference.prediction, counts.prediction, settings, alpha);
    prediction = judged.verdict;
    checks.push(
      ...judged.checks.filter(({ kind }) => kind === 'psi').map((check) => ({ ...check, kind: 'predictionShift' as const, column: null })),
    );
  }
  return { columns: columns.toSorted(worstFirst), prediction, checks };
}

function judgeColumn(
  reference: ReferenceColumn,
  counts: ColumnCounts,
  settings: MonitorSettings,
  alpha: number,
): { verdict: ColumnVerdict; checks: Omit<Check, 'column'>[] } {
  const { rows, missing, unseen, bins } = counts;
  const known = rows - missing;
  const nullRate = rows === 0 ? 0 : missing / rows;
  const referenceKnown = Math.round(reference.rows * (1 - reference.nullRate));
  const shares = bins.map((count) => (known === 0 ? 0 : count / known));
  const checks: Omit<Check, 'column'>[] = [];
  let worst: Verdict = rows < settings.minRows ? 'tooFewRows' : 'ok';

  let index: number | null = null;
  if (known >= settings.minRows && referenceKnown > 0 && bins.length > 1) {
    const referenceCounts = reference.shares.map((share) => share * referenceKnown);
    index = psi(bins, referenceCounts);
    const occupied = bins.filter((count, bin) => count > 0 || referenceCounts[bin]! > 0).length;
    const noise = psiNoise(known, referenceKnown, occupied, alpha);
    const limit = Math.max(settings.psiLimit, noise);
    checks.push({
      kind: 'psi',
      value: index,
      limit,
      reference: 0,
      rows: known,
      state: index > limit ? 'over' : index < calmShare * settings.psiLimit || index < noise ? 'calm' : 'between',
    });
    worst = worse(worst, index > limit ? 'critical' : index > settings.psiLimit / 2 && index > noise ? 'watch' : 'ok');
  }

  if (rows >= settings.minRows) {
    const rise = nullRate - reference.nullRate;
    const share = (missing + reference.rows * reference.nullRate) / (rows + reference.rows);
    const noise = normalQuantile(1 - alpha) * Math.sqrt(share * (1 - share) * (1 / rows + 1 / Math.max(1, reference.rows)));
    const limit = reference.nullRate + Math.max(settings.nullRateRise, noise);
    const calmBelow = reference.nullRate + Math.max(calmShare * settings.nullRateRise, noise);
    checks.push({
      kind: 'nullRate',
      value: nullRate,
      limit,
      reference: reference.nullRate,
      rows,
      state: nullRate > limit ? 'over' : nullRate < calmBelow ? 'calm' : 'between',
    });
    worst = worse(worst, nullRate > limit ? 'critical' : rise > settings.nullRateRise / 2 && rise > noise ? 'watch' : 'ok');
  }
  return {
    verdict: {
      name: reference.name,
      psi: index,
      nullRate,
      nullRateReference: reference.nullRate,
      unseen: unseen === null || known === 0 ? null : unseen / known,
      verdict: worst,
      reference,
      shares,
    },
    checks,
  };
}

export type PerformanceVerdict = NonNullable<MonitorReport['performance']>;

/**
 * The metric on rows with truth against its value on the test rows. Critical when it lies beyond the test value's interval by more than
 * `performanceDrop` (a share of the value for errors, whose scale is that of the target), and its own interval leaves the test value out.
 */
export function judgePerformance(
  metric: MetricName,
  reference: Estimate | undefined,
  current: Estimate | undefined,
  labelled: number,
  settings: MonitorSettings,
): { performance: PerformanceVerdict; check: Check | null } | null {
  if (!reference) return null;
  const verdictWithout = labelled === 0 ? 'noTruth' : 'tooFewRows';
  if (!current || labelled < settings.minRows)
    return { performance: { metric, labelled, current: current ?? null, reference, verdict: verdictWithout }, check: null };
  const better = higherIsBetter[metric];
  const bound = better
    ? (reference.low ?? reference.value) - settings.performanceDrop
    : (reference.high ?? reference.value) * (1 + settings.performanceDrop);
  const beyond = better ? current.value < bound : current.value > bound;
  const proven = better ? (current.high ?? current.value) < reference.value : (current.low ?? current.value) > reference.value;
  const calmBound = bound + (reference.value - bound) * (1 - calmShare);
  const calm = better ? current.value >= calmBound : current.value <= calmBound;
  const over = beyond && proven;
  return {
    performance: { metric, labelled, current, reference, verdict: over ? 'critical' : 'ok' },
    check: {
      kind: 'performance',
      column: metric,
      value: current.value,
      limit: bound,
      reference: reference.value,
      rows: current.rows,
      state: over ? 'over' : calm ? 'calm' : 'between',
    },
  };
}

/** Error rate and slowness of the given requests; null below `minRows`. */
export function judgeTraffic(
  { requests, errors, p99Ms }: { requests: number; errors: number; p99Ms: number | null },
  settings: MonitorSettings,
): Check[] {
  if (requests < settings.minRows) return [];
  const state = (value: number, limit: number): Check['state'] => (value > limit ? 'over' : value < calmShare * limit ? 'calm' : 'between');
  const rate = errors / requests;
  const checks: Check[] = [
    {
      kind: 'errorRate',
      column: null,
      value: rate,
      limit: settings.errorRateLimit,
      reference: null,
      rows: requests,
      state: state(rate, settings.errorRateLimit),
    },
  ];
  if (p99Ms !== null)
    checks.push({
      kind: 'latency',
      column: null,
      value: p99Ms,
      limit: settings.latencyP99Ms,
      reference: null,
      rows: requests,
      state: state(p99Ms, settings.latencyP99Ms),
    });
  return checks;
}

const order: Record<Verdict, number> = { critical: 3, watch: 2, ok: 1, tooFewRows: 0 };

function worse(a: Verdict, b: Verdict): Verdict {
  return order[b] > order[a] ? b : a;
}

function worstFirst(a: ColumnVerdict, b: ColumnVerdict): number {
  return (
    order[b.verdict] - order[a.verdict] ||
    Math.max(b.psi ?? 0, b.nullRate - b.nullRateReference) - Math.max(a.psi ?? 0, a.nullRate - a.nullRateReference)
  );
}
