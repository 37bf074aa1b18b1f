// Times of series as periods: whole numbers that a lag can be taken from.
import type { HistoryStep } from '../../../../src-shared/domain/history.ts';

const secondsPerDay = 86_400;
const msPerDay = 86_400_000;

/** `times`: days since 1970 (or plain numbers), by place, rising within each series of `starts`. */
export function periodsOf(times: Float64Array, starts: Int32Array, step: HistoryStep): Float64Array {
  switch (step.unit) {
    case 'second':
      return times.map((days) => Math.round(((days - step.origin) * secondsPerDay) / step.count));
    case 'number':
      return times.map((value) => Math.round((value - step.origin) / step.count));
    case 'month':
      return times.map((days) => Math.floor(monthOf(days) / step.count));
    case 'row': {
      const periods = new Float64Array(times.length);
      for (let series = 0; series + 1 < starts.length; series++)
        for (let place = starts[series]!; place < starts[series + 1]!; place++) periods[place] = place - starts[series]!;
      return periods;
    }
  }
}

/** Months since the year 0. */
function monthOf(days: number): number {
  const date = new Date(Math.round(days * msPerDay));
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

export interface FoundStep {
  step: HistoryStep;
  /** Present rows of the periods between the first and the last of each series. */
  density: number;
  /** Share of intervals between neighbours that are whole steps of the step that was looked for. */
  regular: number;
}

/** Below this share of present periods (days of work, say) a lag in periods would miss too often: one row is one step then. */
export const densestGaps = 0.8;
/** Share of intervals that must be whole steps. */
const mostlyRegular = 0.999;
const shortestMonthDays = 27;

/**
 * The step between the moments of all series together. Months where times lie about a month or more apart and no month of a series is there
 * twice, else the most frequent interval; rows where intervals are not whole steps, or too many periods have no row.
 */
export function findStep(times: Float64Array, starts: Int32Array, kind: 'date' | 'number'): FoundStep {
  const intervals: number[] = [];
  eachNeighbours(starts, (a, b) => intervals.push(times[b]! - times[a]!));
  if (intervals.length === 0) return { step: { unit: 'row', time: kind }, density: 1, regular: 0 };
  const sorted = Float64Array.from(intervals).sort();
  const median = sorted[sorted.length >> 1]!;
  const origin = times[0]!;
  let step: HistoryStep | null = null;
  if (kind === 'date' && median >= shortestMonthDays) step = monthStep(times, starts);
  const unit = kind === 'date' ? 1 / secondsPerDay : 1;
  const count = step ? 0 : mostFrequent(sorted, kind === 'date' ? (days) => Math.round(days * secondsPerDay) : (value) => value);
  if (!step && count > 0) step = kind === 'date' ? { unit: 'second', count, origin } : { unit: 'number', count, origin };
  if (!step) return { step: { unit: 'row', time: kind }, density: 1, regular: 0 };
  const whole = step.unit === 'month' ? intervals.length : intervals.filter((each) => isWhole(each / (count * unit))).length;
  const regular = whole / intervals.length;
  const periods = periodsOf(times, starts, step);
  let present = 0;
  let spanned = 0;
  for (let series = 0; series + 1 < starts.length; series++) {
    const [first, last] = [starts[series]!, starts[series + 1]! - 1];
    if (last < first) continue;
    present += last - first + 1;
    spanned += periods[last]! - periods[first]! + 1;
  }
  const density = present / spanned;
  let isRising = true;
  eachNeighbours(starts, (a, b) => (isRising &&= periods[b]! > periods[a]!));
  return { step: isRising && regular >= mostlyRegular && density >= densestGaps ? step : { unit: 'row', time: kind }, density, regular };
}

/** Null where a series has two rows in a month. */
function monthStep(times: Float64Array, starts: Int32Array): HistoryStep | null {
  const months = times.map(monthOf);
  const intervals: number[] = [];
  eachNeighbours(starts, (a, b) => intervals.push(months[b]! - months[a]!));
  if (intervals.includes(0)) return null;
  const count = mostFrequent(Float64Array.from(intervals).sort(), (value) => value);
  const inStep = intervals.filter((each) => each % count === 0).length;
  return inStep >= mostlyRegular * intervals.length ? { unit: 'month', count } : null;
}

function isWhole(steps: number): boolean {
  return Math.abs(steps - Math.round(steps)) < 1e-3;
}

/** Of `sorted` numbers, after `key`; the smallest of equally frequent ones. */
function mostFrequent(sorted: Float64Array, key: (value: number) => number): number {
  let best = 0;
  let most = 0;
  let run = 0;
  let last = Number.NaN;
  for (const value of sorted) {
    const own = key(value);
    run = own === last ? run + 1 : 1;
    last = own;
    if (run > most && own > 0) [most, best] = [run, own];
  }
  return best;
}

function eachNeighbours(starts: Int32Array, visit: (a: number, b: number) => void): void {
  for (let series = 0; series + 1 < starts.length; series++)
    for (let place = starts[series]! + 1; place < starts[series + 1]!; place++) visit(place - 1, place);
}
