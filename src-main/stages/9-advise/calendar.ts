// Calendar periods in UTC: days, weeks from Monday, months.
import type { Period } from './worker/rules.ts';

const dayMs = 86_400_000;

/** Start of the period after the one that starts at `at`. */
export function nextPeriod(at: number, period: Period): number {
  if (period !== 'month') return at + (period === 'day' ? 1 : 7) * dayMs;
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** How many periods lie between two starts, both counted; without walking them. */
export function countPeriods(from: number, to: number, period: Period): number {
  if (period !== 'month') return Math.round((to - from) / dayMs / (period === 'day' ? 1 : 7)) + 1;
  const [a, b] = [new Date(from), new Date(to)];
  return (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth() + 1;
}

/** Every start from `from` to `to`, both included. */
export function periodsBetween(from: number, to: number, period: Period): number[] {
  const starts: number[] = [];
  for (let at = from; at <= to; at = nextPeriod(at, period)) starts.push(at);
  return starts;
}

/** `2026-11-25`. */
export function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A week or month of which rows are still to come, judged by the last row's day: a day of slack for days without rows. */
export function isPartial(start: number, lastRowAt: number, period: Period): boolean {
  return period !== 'day' && lastRowAt < nextPeriod(start, period) - 2 * dayMs;
}
