import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { fetchDataset } from '../../../../test/fixtures/fetch.ts';
import { counterRandom } from '../../../platform/random.ts';
import { forecast } from './forecast.ts';
import { judge } from './judge.ts';

/** Fourteen months of days: weekly rhythm, slow growth, noise growing with the level. */
function seasonal(days = 430, seed = 11): number[] {
  const random = counterRandom(seed);
  return Array.from({ length: days }, (_, day) => {
    const level = (100 + day / 20) * [1, 1.1, 1.15, 1.1, 1.3, 0.6, 0.5][day % 7]!;
    return Math.max(0, level + random.normal() * Math.sqrt(level) * 1.5);
  });
}

describe('a series with a weekly rhythm', () => {
  test('a planted fall of a week is found, with its days and its direction', async () => {
    const values = seasonal();
    for (let day = 390; day < 397; day++) values[day]! *= 0.6;
    const { standouts, method } = await judge(values, { period: 'day', forecast });
    expect(method.seasons).toEqual([7]);
    const found = standouts.find((one) => one.from <= 396 && one.to >= 390)!;
    expect(found.from).toBeGreaterThanOrEqual(388);
    expect(found.to).toBeLessThanOrEqual(398);
    expect(found.actual).toBeLessThan(found.low);
  });

  test('without a planted change at most 1.5 % of the days stand out', async () => {
    const alarms = await Promise.all([1, 2, 3].map((seed) => judge(seasonal(430, seed), { period: 'day', forecast })));
    const judged = alarms.reduce((sum, one) => sum + one.method.judged, 0);
    expect(judged).toBe(3 * 180);
    expect(alarms.reduce((sum, one) => sum + one.points.filter((point) => point.anomaly).length, 0) / judged).toBeLessThanOrEqual(0.015);
  });

  test('what comes later changes no earlier verdict', async () => {
    const values = seasonal(300);
    const changed = values.map((value, day) => (day >= 290 ? value * 5 : value));
    const [before, after] = [await judge(values, { period: 'day', forecast }), await judge(changed, { period: 'day', forecast })];
    expect(after.points.slice(0, 290)).toEqual(before.points.slice(0, 290));
    expect(after.points[290]!.expected).toBe(before.points[290]!.expected);
    expect(after.points[290]!.anomaly).toBe(true);
  });

  test('a lasting new level is reported once and then believed', async () => {
    const values = seasonal().map((value, day) => (day >= 350 ? value * 2 : value));
    const { points, standouts } = await judge(values, { period: 'day', forecast });
    expect(standouts.some((one) => one.from <= 356 && one.to >= 350)).toBe(true);
    expect(points.slice(390).filter((point) => point.anomaly).length).toBeLessThanOrEqual(1);
  });
});

test('negative values, missing values, constant and short series are judged or left without a verdict, never an error', async () => {
  const random = counterRandom(5);
  const profit = Array.from({ length: 120 }, () => random.normal() * 10 - 2);
  const withGaps = profit.map((value, index) => (index % 9 === 0 ? null : value));
  const weeks = await judge(withGaps, { period: 'week', forecast });
  expect(weeks.method.judged).toBeGreaterThan(0);
  expect(weeks.points.every((point) => point.expected === null || Number.isFinite(point.expected))).toBe(true);
  for (const values of [[], [1], [1, 2, 3], Array<number>(30).fill(5), Array<null>(100).fill(null)])
    expect((await judge(values, { period: 'week', forecast })).points).toHaveLength(values.length);
  const flat = await judge(Array<number>(400).fill(5), { period: 'day', forecast });
  expect(flat.points.filter((point) => point.anomaly)).toEqual([]);
});

test('a stop is heard between fits', async () => {
  const abort = new AbortController();
  const judging = judge(seasonal(), { period: 'day', forecast, signal: abort.signal, onProgress: () => abort.abort(new Error('stop')) });
  await expect(judging).rejects.toThrow('stop');
});

test('US births by day: the holidays of autumn 2014 stand out, ordinary days hardly ever', async () => {
  // Three years, too short for a yearly season, so that fixed-date holidays must stand out as well.
  const { path } = await fetchDataset('births2000');
  const rows = parse(readFileSync(path, 'utf8'), { columns: true }) as Record<string, string>[];
  const newest = rows.slice(-1096);
  const days = newest.map((row) => [row.year, row.month, row.date_of_month].join('-'));
  const { points, method } = await judge(newest.map((row) => Number(row.births)), { period: 'day', forecast }); // prettier-ignore
  expect(method).toMatchObject({ judged: 180, seasons: [7] });
  const flagged = new Set(points.flatMap((point, index) => (point.anomaly ? [days[index]!] : [])));
  const holidays = ['2014-9-1', '2014-11-27', '2014-12-25'];
  expect(holidays.filter((day) => flagged.has(day))).toEqual(holidays);
  const near = /^2014-(7-[56]|9-[1-3]|11-2[6-9]|12-(2[3-9]|3[01]))$/;
  // Of about 160 ordinary days, at a limit of 0.5 %; one of them is Hallowe'en.
  expect([...flagged].filter((day) => !near.test(day)).length).toBeLessThanOrEqual(2);
}, 60_000);

test('orders by week and segment, as they are: few standouts', async () => {
  const orders = parse(readFileSync(join(import.meta.dirname, '../../../../resources/samples/orders/orders.csv'), 'utf8'), { columns: true }) as Record<string, string>[]; // prettier-ignore
  let [judged, alarms] = [0, 0];
  for (const [column, value] of [
    ['Region', 'West'],
    ['Region', 'East'],
    ['Region', 'Central'],
    ['Category', 'Furniture'],
    ['Category', 'Technology'],
  ] as const) {
    // prettier-ignore
    const weeks = new Map<number, number>();
    for (const order of orders)
      if (order[column] === value) {
        const week = Math.floor((Date.parse(order['Order Date']!) / 86_400_000 + 3) / 7);
        weeks.set(week, (weeks.get(week) ?? 0) + Number(order.Sales));
      }
    const first = Math.min(...weeks.keys());
    const values = Array.from({ length: Math.max(...weeks.keys()) - first + 1 }, (_, index) => weeks.get(first + index) ?? 0);
    const result = await judge(values, { period: 'week', forecast });
    judged += result.method.judged;
    alarms += result.points.filter((point) => point.anomaly).length;
  }
  expect(judged).toBeGreaterThan(250);
  expect(alarms / judged).toBeLessThanOrEqual(0.02);
}, 60_000);
