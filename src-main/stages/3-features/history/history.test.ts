import { describe, expect, it } from 'vitest';
import { historyName, naiveLag, type HistoryFeature, type HistoryStep } from '../../../../src-shared/domain/history.ts';
import { counterRandom } from '../../../platform/random.ts';
import { checkHistory } from './checkHistory.ts';
import { computeHistory } from './computeHistory.ts';
import { naiveErrors } from './naiveErrors.ts';
import { findStep, periodsOf } from './periods.ts';
import { findSeason } from './seasonality.ts';
import type { SortedSeries } from './SortedSeries.ts';

const column = 'y';

function seriesOf(parts: { periods: number[]; cells: number[] }[]): SortedSeries {
  const starts = [0];
  for (const { periods } of parts) starts.push(starts.at(-1)! + periods.length);
  return {
    rowNumbers: Int32Array.from({ length: starts.at(-1)! }, (_, place) => place),
    starts: Int32Array.from(starts),
    periods: Float64Array.from(parts.flatMap(({ periods }) => periods)),
    values: new Map([[column, Float64Array.from(parts.flatMap(({ cells }) => cells))]]),
  };
}

/** By the definition: looks at each earlier period by itself. */
function plainly(cellAt: (period: number) => number, feature: HistoryFeature, horizon: number, period: number): number {
  const known = (at: number): number => (at <= period - horizon ? cellAt(at) : Number.NaN);
  switch (feature.kind) {
    case 'lag':
      return known(period - feature.lag);
    case 'change':
      return known(period - horizon) - known(period - horizon - feature.over);
    case 'season': {
      const first = Math.ceil(horizon / feature.season);
      const cells = Array.from({ length: feature.cycles }, (_, cycle) => known(period - (first + cycle) * feature.season)).filter(
        Number.isFinite,
      );
      return cells.reduce((sum, cell) => sum + cell, 0) / cells.length;
    }
    case 'rolling': {
      const cells = Array.from({ length: feature.window }, (_, back) => known(period - horizon - feature.window + 1 + back)).filter(
        Number.isFinite,
      );
      const sum = cells.reduce((total, cell) => total + cell, 0);
      const mean = sum / cells.length;
      if (cells.length === 0) return Number.NaN;
      if (feature.statistic === 'sum') return sum;
      if (feature.statistic === 'mean') return mean;
      if (feature.statistic === 'min') return Math.min(...cells);
      if (feature.statistic === 'max') return Math.max(...cells);
      return Math.sqrt(cells.reduce((total, cell) => total + (cell - mean) ** 2, 0) / (cells.length - 1));
    }
    case 'since': {
      for (let at = period - horizon; at > period - 500; at--) if (known(at) !== 0 && !Number.isNaN(known(at))) return period - at;
      return Number.NaN;
    }
  }
}

const features = (horizon: number): HistoryFeature[] => [
  { kind: 'lag', column, lag: horizon },
  { kind: 'lag', column, lag: horizon + 5 },
  ...(['mean', 'std', 'min', 'max', 'sum'] as const).map((statistic): HistoryFeature => ({
    kind: 'rolling',
    column,
    statistic,
    window: 7,
  })),
  { kind: 'change', column, over: 3 },
  { kind: 'season', column, season: 4, cycles: 3 },
  { kind: 'since', column },
];

function randomSeries(seed: number): SortedSeries {
  const random = counterRandom(seed, 0);
  return seriesOf(
    Array.from({ length: 4 }, () => {
      const periods: number[] = [];
      for (
        let period = Math.floor(random.next() * 10);
        periods.length < 80;
        period += random.next() < 0.15 ? 1 + Math.floor(random.next() * 6) : 1
      )
        periods.push(period);
      const cell = (): number => (random.next() < 0.1 ? Number.NaN : random.next() < 0.3 ? 0 : random.next() * 100 - 20);
      return { periods, cells: periods.map(cell) };
    }),
  );
}

describe('features of earlier rows', () => {
  it.each([1, 2, 7])('are what their definition says, %i steps ahead, over gaps, missing cells and the borders of series', (horizon) => {
    const series = randomSeries(horizon);
    const computed = computeHistory(series, { features: features(horizon), horizon });
    const cells = series.values.get(column)!;
    for (const feature of features(horizon))
      for (let each = 0; each + 1 < series.starts.length; each++) {
        const byPeriod = new Map<number, number>();
        for (let place = series.starts[each]!; place < series.starts[each + 1]!; place++)
          byPeriod.set(series.periods[place]!, cells[place]!);
        for (let place = series.starts[each]!; place < series.starts[each + 1]!; place++) {
          const expected = plainly((at) => byPeriod.get(at) ?? Number.NaN, feature, horizon, series.periods[place]!);
          expect(computed.get(historyName(feature))![place], `${historyName(feature)} at place ${place}`).toBe(Math.fround(expected));
        }
      }
  });

  it.each([1, 3])('do not change by a bit when everything later than their cut-off changes, %i steps ahead', (horizon) => {
    const series = randomSeries(40 + horizon);
    const cutoff = 50;
    const changed = new Map([
      [column, series.values.get(column)!.map((cell, place) => (series.periods[place]! > cutoff ? 1e6 - 3 * cell : cell))],
    ]);
    const [before, after] = [series, { ...series, values: changed }].map((each) =>
      computeHistory(each, { features: features(horizon), horizon }),
    );
    let [same, other] = [0, 0];
    for (const [name, cells] of before!)
      cells.forEach((cell, place) => {
        const isEqual = Object.is(cell, after!.get(name)![place]);
        // The last row whose newest known cell is at the cut-off.
        if (series.periods[place]! <= cutoff + horizon) expect(isEqual, `${name} at place ${place}`).toBe(true);
        if (isEqual) same++;
        else other++;
      });
    expect(same).toBeGreaterThan(100);
    expect(other).toBeGreaterThan(100);
  });

  it('give the same bits where a series begins later, as soon as the window is full', () => {
    const whole = randomSeries(99);
    const from = whole.starts[1]! + 25;
    const part = seriesOf([
      {
        periods: Array.from(whole.periods.subarray(from, whole.starts[2])),
        cells: Array.from(whole.values.get(column)!.subarray(from, whole.starts[2])),
      },
    ]);
    const [all, later] = [whole, part].map((each) => computeHistory(each, { features: features(1).slice(0, 9), horizon: 1 }));
    const enough = part.periods[0]! + 13;
    for (const [name, cells] of later!)
      cells.forEach((cell, place) => {
        if (part.periods[place]! >= enough) expect(Object.is(cell, all!.get(name)![from + place]), `${name} ${place}`).toBe(true);
      });
  });

  it('have no lag below the horizon, columns of numbers, and names of their own', () => {
    const columns = [
      { name: 'day', type: 'date' as const },
      { name: 'y', type: 'number' as const },
      { name: 'shop', type: 'category' as const },
      { name: 'y lag 9', type: 'number' as const },
    ];
    const check = (feature: HistoryFeature, entityColumns: string[] = []): void =>
      checkHistory(
        { timeColumn: 'day', entityColumns, step: { unit: 'month', count: 1 }, horizon: 3, season: null, features: [feature] },
        columns,
      );
    expect(() => check({ kind: 'lag', column, lag: 3 }, ['shop'])).not.toThrow();
    expect(() => check({ kind: 'lag', column, lag: 2 })).toThrow(expect.objectContaining({ code: 'MK_FEATURES_HISTORY_LAG' }));
    expect(() => check({ kind: 'lag', column, lag: 9 })).toThrow(expect.objectContaining({ code: 'MK_FEATURES_HISTORY_NAME' }));
    expect(() => check({ kind: 'since', column: 'shop' })).toThrow(expect.objectContaining({ code: 'MK_FEATURES_HISTORY_TYPE' }));
    expect(() => check({ kind: 'since', column }, ['day'])).toThrow(expect.objectContaining({ code: 'MK_FEATURES_HISTORY_ENTITY' }));
  });
});

describe('the step between moments', () => {
  const stepOf = (times: number[], starts = [0, times.length]): HistoryStep =>
    findStep(Float64Array.from(times), Int32Array.from(starts), 'date').step;
  const days = Array.from({ length: 60 }, (_, at) => 19_000 + at);

  it('is a day, an hour or a week where times keep it, over few gaps too', () => {
    expect(stepOf(days.filter((_, at) => at % 11 !== 5))).toEqual({ unit: 'second', count: 86_400, origin: 19_000 });
    expect(stepOf(days.map((day) => 19_000 + (day - 19_000) / 24))).toMatchObject({ unit: 'second', count: 3600 });
    expect(stepOf([...days.map((day) => 7 * day), ...days.map((day) => 7 * day)], [0, 60, 120])).toMatchObject({ count: 7 * 86_400 });
  });

  it('is a month, a quarter or a year by the calendar', () => {
    const first = (month: number): number => Date.UTC(2001, month, 1) / 86_400_000;
    const last = (month: number): number => Date.UTC(2001, month + 1, 0) / 86_400_000;
    const months = Array.from({ length: 40 }, (_, at) => at);
    expect(stepOf(months.map(first))).toEqual({ unit: 'month', count: 1 });
    expect(stepOf(months.map(last))).toEqual({ unit: 'month', count: 1 });
    expect(stepOf(months.map((at) => first(3 * at)))).toEqual({ unit: 'month', count: 3 });
    expect(stepOf(months.map((at) => first(12 * at)))).toEqual({ unit: 'month', count: 12 });
    const periods = periodsOf(Float64Array.from(months.map(last)), Int32Array.of(0, 40), { unit: 'month', count: 1 });
    expect(Array.from(periods, (period) => period - periods[0]!)).toEqual(months);
  });

  it('is a row where days of work or nothing at all is kept', () => {
    const work = days.filter((day) => day % 7 < 5);
    expect(stepOf(work)).toEqual({ unit: 'row', time: 'date' });
    const random = counterRandom(3, 0);
    expect(stepOf(days.map((day) => day + 0.9 * random.next()))).toEqual({ unit: 'row', time: 'date' });
    expect(
      Array.from(periodsOf(Float64Array.from(work), Int32Array.of(0, 5, work.length), { unit: 'row', time: 'date' })).slice(3, 8),
    ).toEqual([3, 4, 0, 1, 2]);
  });
});

describe('the season', () => {
  const week = (noise: number): SortedSeries => {
    const random = counterRandom(8, 0);
    const periods = Array.from({ length: 400 }, (_, at) => at);
    return seriesOf([{ periods, cells: periods.map((at) => 0.5 * at + 10 * Number(at % 7 === 2) + noise * (random.next() - 0.5)) }]);
  };
  const day: HistoryStep = { unit: 'second', count: 86_400, origin: 0 };

  it('is found under a trend and noise', () => {
    expect(findSeason(week(8), column, day)).toMatchObject({ season: 7 });
  });
  it('is not made up of noise', () => {
    const random = counterRandom(9, 0);
    const noise = seriesOf([
      { periods: Array.from({ length: 400 }, (_, at) => at), cells: Array.from({ length: 400 }, () => random.next()) },
    ]);
    expect(findSeason(noise, column, day)).toBeNull();
  });
  it('gives the lag of the naive forecast, of which the horizon leaves whole seasons', () => {
    expect([1, 7, 8, 15].map((horizon) => naiveLag({ horizon, season: 7 }))).toEqual([7, 7, 14, 21]);
    expect(naiveLag({ horizon: 4, season: null })).toBe(4);
  });
});

describe('errors of the naive forecast', () => {
  it('are means over the training rows of each series, by hand', () => {
    // |3 − 1| + |2 − 3| + |6 − 2| over three pairs; of the second series only the first two rows train: |20 − 10|.
    const series = seriesOf([
      { periods: [0, 1, 2, 3], cells: [1, 3, 2, 6] },
      { periods: [0, 1, 2], cells: [10, 20, 90] },
      { periods: [0, 1, 2], cells: [5, 5, 5] },
    ]);
    const of = (season: number | null): number[] =>
      Array.from(naiveErrors(series, { column, season, rows: 10, isTraining: (row) => row !== 6 }));
    const [first, second, never] = [7 / 3, 10, Number.NaN];
    expect(of(null)).toEqual([first, first, first, first, second, second, second, never, never, never]);
    // Two periods apart: |2 − 1| and |6 − 3|.
    expect(of(2).slice(0, 5)).toEqual([2, 2, 2, 2, Number.NaN]);
  });
});
