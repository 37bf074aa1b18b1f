import type { SortedSeries } from './SortedSeries.ts';

/**
 * What errors of each row are divided by for MASE: the mean absolute error of the naive forecast within the training rows of the row's series,
 * Σ |y(t) − y(t − m)| / n over pairs that are both there; m is the season, 1 without one. NaN where a series has no such pair, or never changes.
 * Hyndman & Koehler, Another look at measures of forecast accuracy, Int. J. Forecasting 22 (2006), with m = 1; for seasons Hyndman &
 * Athanasopoulos, Forecasting: Principles and Practice, 5.8.
 *
 * `isTraining` by row number; the result by row number, too.
 */
export function naiveErrors(
  { rowNumbers, starts, periods, values }: SortedSeries,
  { column, season, rows, isTraining }: { column: string; season: number | null; rows: number; isTraining: (row: number) => boolean },
): Float64Array {
  const cells = values.get(column)!;
  const lag = season ?? 1;
  const result = new Float64Array(rows).fill(Number.NaN);
  for (let series = 0; series + 1 < starts.length; series++) {
    const [from, to] = [starts[series]!, starts[series + 1]!];
    let [sum, pairs, earlier] = [0, 0, from];
    for (let place = from; place < to; place++) {
      if (!isTraining(rowNumbers[place]!) || Number.isNaN(cells[place]!)) continue;
      while (periods[earlier]! < periods[place]! - lag) earlier++;
      const isPair = periods[earlier] === periods[place]! - lag && isTraining(rowNumbers[earlier]!) && !Number.isNaN(cells[earlier]!);
      if (!isPair) continue;
      sum += Math.abs(cells[place]! - cells[earlier]!);
      pairs++;
    }
    const error = pairs > 0 && sum > 0 ? sum / pairs : Number.NaN;
    for (let place = from; place < to; place++) result[rowNumbers[place]!] = error;
  }
  return result;
}
