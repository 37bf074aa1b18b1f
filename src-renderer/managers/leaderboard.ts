// Candidates in order, with the doubt that the order has.
import { higherIsBetter, type Candidate, type MetricName } from '../../src-shared/domain/training.ts';
import type { Estimate } from '../../src-shared/domain/names.ts';

export type JudgedOn = 'validation' | 'test';

/** False while folds are missing: its figures are of other rows than those of the rest. */
export function isWhole({ progress }: Pick<Candidate, 'progress'>): boolean {
  return progress === null || progress.folds.done >= progress.folds.planned;
}

/** Best first; behind them those of which folds are missing, and those without a figure, in the order they came. */
export function ranked(candidates: readonly Candidate[], metric: MetricName | null, on: JudgedOn): Candidate[] {
  const value = (candidate: Candidate): number | null => (metric === null ? null : (candidate[on][metric]?.value ?? null));
  return candidates.toSorted((a, b) => {
    if (isWhole(a) !== isWhole(b)) return Number(isWhole(b)) - Number(isWhole(a));
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return metric !== null && higherIsBetter[metric] ? y - x : x - y;
  });
}

/** One scale for all whiskers of a table, a little wider than what is drawn; null without figures. */
export function sharedRange(estimates: readonly (Estimate | undefined)[]): [low: number, high: number] | null {
  const ends = estimates.flatMap((one) => (one ? [one.low ?? one.value, one.high ?? one.value, one.value] : [])).filter(Number.isFinite);
  if (ends.length === 0) return null;
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - margin, high + margin];
}

/** Whether two intervals share values, so that the order of the two may be chance. Without an interval nothing is claimed. */
export function overlaps(a: Estimate | undefined, b: Estimate | undefined): boolean {
  if (!a || !b || a.low === null || a.high === null || b.low === null || b.high === null) return false;
  return a.low <= b.high && b.low <= a.high;
}

/** The smallest file among those whose interval overlaps the best one's; null when the best is itself the smallest. */
export function simplestAsGood(order: readonly Candidate[], metric: MetricName | null, on: JudgedOn): Candidate | null {
  const [best] = order;
  if (!best || metric === null) return null;
  const asGood = order.filter(
    (candidate) => candidate.learner !== 'baseline' && candidate.sizeBytes !== null && overlaps(candidate[on][metric], best[on][metric]),
  );
  const [smallest] = asGood.toSorted((a, b) => (a.sizeBytes ?? 0) - (b.sizeBytes ?? 0));
  return smallest && smallest.id !== best.id && (smallest.sizeBytes ?? 0) < 0.7 * (best.sizeBytes ?? 0) ? smallest : null;
}

export type SortColumn = 'value' | 'second' | 'fit' | 'perRow' | 'size' | 'name';

/** Candidates by one figure of the table; those without it stand behind in either direction, in the order they came. */
export function sortedBy<T extends string | number>(
  candidates: readonly Candidate[],
  figure: (candidate: Candidate) => T | null | undefined,
  descending: boolean,
): Candidate[] {
  const direction = descending ? -1 : 1;
  return candidates.toSorted((a, b) => {
    const [x, y] = [figure(a) ?? null, figure(b) ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return direction * (typeof x === 'number' ? x - Number(y) : String(x).localeCompare(String(y)));
  });
}

export type BudgetKey = 'glance' | 'quick' | 'thorough' | 'long';

/** What a time budget is good for. */
export function budgetKey(timeBudgetMs: number): BudgetKey {
  return timeBudgetMs < 30_000 ? 'glance' : timeBudgetMs <= 120_000 ? 'quick' : timeBudgetMs <= 1_500_000 ? 'thorough' : 'long';
}

/** Rows of each part of a holdout, rounded as people read them. */
export function splitRows(
  rows: number,
  { validationFraction, testFraction }: { validationFraction: number; testFraction: number },
): { train: number; validation: number; test: number } {
  const test = Math.round(rows * testFraction);
  const validation = Math.round(rows * validationFraction);
  return { train: Math.max(0, rows - test - validation), validation, test };
}
