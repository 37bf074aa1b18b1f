// Features of earlier rows. Sums run over a window's cells in the order of time, whatever stands before them in the series, so a file that
// begins later gives the same bits; the segment trees of a database's window functions add in an order that depends on the row's place.
import { historyName, type HistoryFeature } from '../../../../src-shared/domain/history.ts';
import type { SortedSeries } from './SortedSeries.ts';

/** By name of the feature and place; NaN where there is nothing to tell. Of a row at period t no cell after t − horizon is looked at. */
export function computeHistory(
  series: SortedSeries,
  { features, horizon }: { features: readonly HistoryFeature[]; horizon: number },
): Map<string, Float32Array> {
  return new Map(features.map((feature) => [historyName(feature), compute(series, feature, horizon)]));
}

function compute({ starts, periods, values }: SortedSeries, feature: HistoryFeature, horizon: number): Float32Array {
  const column = values.get(feature.column);
  if (!column) throw new Error(`The column "${feature.column}" was not read.`);
  const result = new Float32Array(periods.length).fill(Number.NaN);
  for (let series = 0; series + 1 < starts.length; series++) {
    const [from, to] = [starts[series]!, starts[series + 1]!];
    const past = new Past(periods.subarray(from, to), column.subarray(from, to));
    const cell = cellOf(past, feature, horizon);
    for (let place = 0; place < to - from; place++) result[from + place] = cell(past.periods[place]!);
  }
  return result;
}

/** The cells of one series, asked for by period. Periods that are asked for rise from call to call, so each cursor only moves forward. */
class Past {
  readonly periods: Float64Array;
  readonly cells: Float64Array;

  constructor(periods: Float64Array, cells: Float64Array) {
    this.periods = periods;
    this.cells = cells;
  }

  /** Number of rows at or before the period. */
  cursor(): (period: number) => number {
    let count = 0;
    return (period) => {
      while (count < this.periods.length && this.periods[count]! <= period) count++;
      return count;
    };
  }

  /** The cell at exactly the period; NaN where there is none. */
  reader(): (period: number) => number {
    const until = this.cursor();
    return (period) => {
      const count = until(period);
      return count > 0 && this.periods[count - 1] === period ? this.cells[count - 1]! : Number.NaN;
    };
  }
}

function cellOf(past: Past, feature: HistoryFeature, horizon: number): (period: number) => number {
  switch (feature.kind) {
    case 'lag': {
      const at = past.reader();
      return (period) => at(period - feature.lag);
    }
    case 'change': {
      const [newer, older] = [past.reader(), past.reader()];
      return (period) => newer(period - horizon) - older(period - horizon - feature.over);
    }
    case 'season': {
      const first = Math.ceil(horizon / feature.season);
      const readers = Array.from({ length: feature.cycles }, () => past.reader());
      return (period) => {
        let [sum, count] = [0, 0];
        for (const [cycle, at] of readers.entries()) {
          const cell = at(period - (first + cycle) * feature.season);
          if (Number.isNaN(cell)) continue;
          sum += cell;
          count++;
        }
        return count === 0 ? Number.NaN : sum / count;
      };
    }
    case 'rolling': {
      const [before, until] = [past.cursor(), past.cursor()];
      return (period) => {
        const last = period - horizon;
        return statisticOf(past.cells, before(last - feature.window), until(last), feature.statistic);
      };
    }
    case 'since': {
      const until = past.cursor();
      let seen = 0;
      let event = Number.NaN;
      return (period) => {
        const count = until(period - horizon);
        for (; seen < count; seen++) if (past.cells[seen] !== 0 && !Number.isNaN(past.cells[seen])) event = past.periods[seen]!;
        return period - event;
      };
    }
  }
}

/** Of the cells from `from` to before `to` that are there. */
function statisticOf(
  cells: Float64Array,
  from: number,
  to: number,
  statistic: Extract<HistoryFeature, { kind: 'rolling' }>['statistic'],
): number {
  let [count, sum, least, most] = [0, 0, Infinity, -Infinity];
  for (let at = from; at < to; at++) {
    const cell = cells[at]!;
    if (Number.isNaN(cell)) continue;
    count++;
    sum += cell;
    if (cell < least) least = cell;
    if (cell > most) most = cell;
  }
  if (count === 0) return Number.NaN;
  switch (statistic) {
    case 'sum':
      return sum;
    case 'mean':
      return sum / count;
    case 'min':
      return least;
    case 'max':
      return most;
    case 'std': {
      if (count < 2) return Number.NaN;
      const mean = sum / count;
      let squares = 0;
      for (let at = from; at < to; at++) if (!Number.isNaN(cells[at]!)) squares += (cells[at]! - mean) ** 2;
      return Math.sqrt(squares / (count - 1));
    }
  }
}
