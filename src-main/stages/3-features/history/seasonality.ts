import type { HistoryStep } from '../../../../src-shared/domain/history.ts';
import type { SortedSeries } from './SortedSeries.ts';

export interface FoundSeason {
  season: number;
  /** Autocorrelation of the changes from step to step at that lag, 0 to 1. */
  correlation: number;
}

const secondsPerDay = 86_400;
/** Whole seasons that must have been seen. */
const fewestCycles = 3;
const weakest = 0.1;
const mostCells = 100_000;

/**
 * The season of a column, of those that are usual for the step: the one with the highest autocorrelation r(m) of first differences (a trend
 * would raise all), pooled over series, if it is more than chance: r(m) > 1.645 √((1 + 2 Σ r(i)², i < m) / n), the test of the M4
 * competition (Makridakis, Spiliotis & Assimakopoulos, Int. J. Forecasting 36, 2020).
 */
export function findSeason(series: SortedSeries, column: string, step: HistoryStep): FoundSeason | null {
  const longest = longestSpan(series);
  const candidates = seasonsOf(step).filter((season) => longest >= fewestCycles * season);
  if (candidates.length === 0) return null;
  const correlations = autocorrelations(changes(series, column), Math.max(...candidates));
  let best: FoundSeason | null = null;
  for (const season of candidates) {
    const { correlation, pairs } = correlations[season]!;
    const squares = correlations.slice(1, season).reduce((sum, each) => sum + each.correlation ** 2, 0);
    const isMoreThanChance = correlation > 1.645 * Math.sqrt((1 + 2 * squares) / Math.max(1, pairs));
    if (isMoreThanChance && correlation >= weakest && correlation > (best?.correlation ?? 0)) best = { season, correlation };
  }
  return best;
}

/** Periods of a day, a week, a quarter and a year in steps. */
export function seasonsOf(step: HistoryStep): number[] {
  if (step.unit === 'month') return [12 / step.count, 3 / step.count].filter((each) => Number.isInteger(each) && each > 1);
  if (step.unit === 'row') return [5, 7, 12, 24, 52];
  if (step.unit === 'number') return [7, 12, 24, 52, 4];
  const usual = [1, 7].map((days) => (days * secondsPerDay) / step.count).filter((each) => Number.isInteger(each) && each > 1);
  if (step.count === 7 * secondsPerDay) usual.push(52);
  if (step.count === secondsPerDay) usual.push(365);
  return usual;
}

function longestSpan({ starts, periods }: SortedSeries): number {
  let longest = 0;
  for (let series = 0; series + 1 < starts.length; series++)
    if (starts[series + 1]! > starts[series]!)
      longest = Math.max(longest, periods[starts[series + 1]! - 1]! - periods[starts[series]!]! + 1);
  return longest;
}

/** First differences of each series, on a grid without gaps: NaN where one of the two cells is missing. */
function changes({ starts, periods, values }: SortedSeries, column: string): Float64Array[] {
  const cells = values.get(column)!;
  const found: Float64Array[] = [];
  let read = 0;
  for (let series = 0; series + 1 < starts.length && read < mostCells; series++) {
    const [from, to] = [starts[series]!, Math.min(starts[series + 1]!, starts[series]! + mostCells)];
    if (to - from < 2) continue;
    const grid = new Float64Array(periods[to - 1]! - periods[from]! + 1).fill(Number.NaN);
    for (let place = from; place < to; place++) grid[periods[place]! - periods[from]!] = cells[place]!;
    found.push(grid.subarray(1).map((cell, at) => cell - grid[at]!));
    read += to - from;
  }
  return found;
}

/** By lag, 0 first. The mean change is nearly 0 and is not taken off. */
function autocorrelations(found: readonly Float64Array[], most: number): { correlation: number; pairs: number }[] {
  let [squares, count] = [0, 0];
  for (const each of found)
    for (const change of each)
      if (!Number.isNaN(change)) {
        squares += change * change;
        count++;
      }
  return Array.from({ length: most + 1 }, (_, lag) => {
    let [sum, pairs] = [0, 0];
    for (const each of found)
      for (let at = lag; at < each.length; at++) {
        const product = each[at]! * each[at - lag]!;
        if (Number.isNaN(product)) continue;
        sum += product;
        pairs++;
      }
    const correlation = pairs > 0 && squares > 0 ? sum / pairs / (squares / count) : 0;
    return { correlation, pairs };
  });
}
