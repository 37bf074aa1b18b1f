import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Column, DatasetVersion } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { advise as contract, type Advice, type MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { AdviseService, type MetricReader } from './api.ts';
import { screenQueries } from './store.ts';

const ordersFile = join(import.meta.dirname, '../../../resources/samples/orders/orders.csv');

let bench: TestBench;
let duck: DuckDBConnection;
let service: AdviseService;
/** SQL of the newest version of each dataset. */
let tables: Map<string, { version: number; columns: Column[]; sql: string }>;

beforeEach(async () => {
  bench = await openTestBench();
  duck = await (await DuckDBInstance.create()).connect();
  await duck.run(`CREATE TABLE orders AS SELECT * FROM read_csv('${ordersFile}')`);
  const columns: Column[] = [
    { name: 'Order Date', type: 'date' },
    { name: 'Sales', type: 'number' },
    { name: 'Profit', type: 'number' },
    { name: 'Discount', type: 'number' },
    { name: 'Region', type: 'category' },
    { name: 'Category', type: 'category' },
    { name: 'Segment', type: 'category' },
    { name: 'Customer Name', type: 'identifier' },
  ];
  tables = new Map([['orders', { version: 1, columns, sql: 'SELECT * FROM orders' }]]);
  const { db, audit, clock, ids, jobs, emit, startWorker } = bench;
  service = new AdviseService({ db, audit, clock, ids, jobs, emit, startWorker, data: duckReader() });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  duck.closeSync();
});

const weekly: MetricDefinition = {
  name: 'order-lines',
  title: 'Order lines a week',
  dataset: 'orders',
  timeColumn: 'Order Date',
  aggregate: 'count',
  valueColumn: null,
  shareOf: null,
  dimensions: ['Segment', 'Region', 'Category'],
  period: 'week',
  unit: 'lines',
  goal: 'up',
};

async function analyse(metric: MetricDefinition): Promise<Advice[]> {
  service.saveMetric(metric, bench.caller);
  const { jobId } = service.analyse(metric.name, bench.caller);
  expect(await bench.jobs.wait(jobId)).toMatchObject({ state: 'done', error: null });
  return service.list('open').filter((one) => one.metric === metric.name);
}

describe('metrics', () => {
  test('a saved metric shows its bare series until it is analysed', async () => {
    expect(contract['advise.saveMetric'].result.parse(service.saveMetric(weekly, bench.caller))).toEqual(weekly);
    const report = contract['advise.metric'].result.parse(await service.metric('order-lines'));
    expect(report).toMatchObject({ method: { key: 'notAnalysed' }, datasetVersion: { name: 'orders', version: 1 }, advice: [] });
    expect(report.points.length).toBeGreaterThan(200);
    expect(report.points.every((point) => point.expected === null && !point.anomaly)).toBe(true);
    expect(service.metrics()).toMatchObject([{ name: 'order-lines', latest: null, spark: [], openAdvice: 0, analysedVersion: null }]);
  });

  test.each([
    ['an unknown column', { timeColumn: 'When' }, 'MK_ADVISE_COLUMN_UNKNOWN'],
    ['a time column without times', { timeColumn: 'Region' }, 'MK_ADVISE_COLUMN_TYPE'],
    ['a sum without a column', { aggregate: 'sum' as const }, 'MK_ADVISE_METRIC_INCOMPLETE'],
    ['a sum of texts', { aggregate: 'sum' as const, valueColumn: 'Region' }, 'MK_ADVISE_COLUMN_TYPE'],
    ['a share without a value', { aggregate: 'share' as const, valueColumn: 'Region' }, 'MK_ADVISE_METRIC_INCOMPLETE'],
    ['an unknown dimension', { dimensions: ['Planet'] }, 'MK_ADVISE_COLUMN_UNKNOWN'],
    ['an unknown dataset', { dataset: 'nothing' }, 'MK_NOT_FOUND'],
    ['a name with a slash', { name: 'a/b' }, 'MK_NAME_INVALID'],
  ])('refuses %s and writes nothing', (_, change, code) => {
    expect(() => service.saveMetric({ ...weekly, ...change }, bench.caller)).toThrow(expect.objectContaining({ code }));
    expect(service.metrics()).toEqual([]);
    expect(bench.audit.head().entries).toBe(0);
  });

  test('days without rows are zero for sums and unknown for averages; weeks and months cover the calendar', async () => {
    tables.get('orders')!.sql =
      `SELECT * FROM (VALUES (DATE '2026-01-01', 10.0, 'a'), (DATE '2026-01-03', 20.0, 'b'), (DATE '2026-01-03', 40.0, 'a'), (NULL, 5.0, 'a')) AS t("Order Date", "Sales", "Region")`;
    const values = async (change: Partial<MetricDefinition>): Promise<(number | null)[]> => {
      service.saveMetric({ ...weekly, period: 'day', dimensions: [], ...change }, bench.caller);
      return (await service.metric('order-lines')).points.map((point) => point.value);
    };
    expect(await values({ aggregate: 'sum', valueColumn: 'Sales' })).toEqual([10, 0, 60]);
    expect(await values({ aggregate: 'count' })).toEqual([1, 0, 2]);
    expect(await values({ aggregate: 'average', valueColumn: 'Sales' })).toEqual([10, null, 30]);
    expect(await values({ aggregate: 'share', valueColumn: 'Region', shareOf: 'a' })).toEqual([1, null, 0.5]);
    expect(await values({ aggregate: 'count', period: 'month' })).toEqual([3]);
  });

  test('a week or month that the rows cover only in part is left out at the end', async () => {
    tables.get('orders')!.sql =
      `SELECT d::DATE AS "Order Date" FROM generate_series(DATE '2026-01-01', DATE '2026-03-10', INTERVAL 1 DAY) AS t(d)`;
    service.saveMetric({ ...weekly, period: 'month', dimensions: [] }, bench.caller);
    expect((await service.metric('order-lines')).points.map((point) => point.value)).toEqual([31, 28]);
  });

  test.each([
    ['year 1', "DATE '0001-01-01'", 'MK_ADVISE_TOO_MANY_PERIODS'],
    ['no date at all', 'NULL::DATE', 'MK_ADVISE_NO_ROWS'],
  ])('%s among the dates is named, not drawn', async (_, date, code) => {
    tables.get('orders')!.sql =
      code === 'MK_ADVISE_NO_ROWS' ? `SELECT ${date} AS "Order Date"` : `SELECT ${date} AS "Order Date" UNION ALL SELECT DATE '2026-01-01'`;
    service.saveMetric({ ...weekly, period: 'day', dimensions: [] }, bench.caller);
    await expect(service.metric('order-lines')).rejects.toMatchObject({ code });
  });

  test('a newer version of the dataset asks for a new analysis; one that lost a column says so', async () => {
    await analyse(weekly);
    Object.assign(tables.get('orders')!, { version: 2 });
    expect(await service.metric('order-lines')).toMatchObject({ method: { key: 'notAnalysed' }, datasetVersion: { version: 2 } });
    tables.get('orders')!.columns = tables.get('orders')!.columns.filter(({ name }) => name !== 'Region');
    await expect(service.metric('order-lines')).rejects.toMatchObject({ code: 'MK_ADVISE_COLUMN_UNKNOWN', params: { column: 'Region', version: 2 } }); // prettier-ignore
    const { jobId } = service.analyse('order-lines', bench.caller);
    expect(await bench.jobs.wait(jobId)).toMatchObject({ state: 'failed', error: { code: 'MK_ADVISE_COLUMN_UNKNOWN' } });
  }, 30_000);

  test('a changed definition drops the analysis; removing is audited and once', async () => {
    await analyse(weekly);
    expect((await service.metric('order-lines')).method.key).toBe('rolling');
    service.saveMetric({ ...weekly, dimensions: ['Region'] }, bench.caller);
    expect((await service.metric('order-lines')).method.key).toBe('notAnalysed');
    expect(service.removeMetric('order-lines', bench.caller)).toEqual({ removed: true });
    expect(service.removeMetric('order-lines', bench.caller)).toEqual({ removed: false });
    const { entries } = await bench.audit.list({ limit: 10 });
    expect(entries.map((entry) => entry.action)).toEqual([
      'advise.removeMetric',
      'advise.saveMetric',
      'advise.analyse',
      'advise.saveMetric',
    ]);
  }, 30_000);
});

describe('what stands out', () => {
  test('orders as they are: the last eight weeks bring no advice', async () => {
    expect(await analyse(weekly)).toEqual([]);
    const report = contract['advise.metric'].result.parse(await service.metric('order-lines'));
    expect(report.method).toMatchObject({ key: 'rolling', params: { intervalShare: 0.995, window: 4 } });
    expect(report.latest?.expected).toBeGreaterThan(0);
    expect(report.points.filter((point) => point.anomaly).length / 57).toBeLessThanOrEqual(0.04);
    expect(service.metrics()[0]).toMatchObject({ latest: report.latest, openAdvice: 0, analysedVersion: report.datasetVersion.version });
    expect(service.metrics()[0]!.spark).toHaveLength(30);
  }, 30_000);

  test('a region whose orders stop in the last weeks is found, named, and its parts sum to the gap', async () => {
    plant(`"Region" = 'West' AND "Order Date" >= DATE '2017-12-04'`);
    const [advice] = await analyse(weekly);
    contract['advise.list'].result.parse([advice]);
    expect(advice).toMatchObject({
      metric: 'order-lines',
      state: 'open',
      action: { key: 'checkSegmentFeed', params: { dimension: 'Region', value: 'West', rows: 0 } },
    });
    expect(advice!.gap).toBeCloseTo(advice!.actual - advice!.expected, 9);
    expect(advice!.actual).toBeLessThan(advice!.low);
    const [first] = advice!.contributions;
    expect(first).toMatchObject({ dimension: 'Region', value: 'West', actual: 0 });
    for (const dimension of weekly.dimensions) {
      const parts = advice!.contributions.filter((one) => one.dimension === dimension);
      expect(parts.reduce((sum, one) => sum + one.change, 0)).toBeCloseTo(advice!.gap, 6);
      expect(parts.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 6);
    }
  }, 30_000);

  test('a fall of sales in one region asks to look there; the remainder of a wide dimension is stated', async () => {
    tables.get('orders')!.sql = daily('false').replace(
      'AS "Sales"',
      `* CASE WHEN region = 'West' AND day >= 390 THEN 0.3 ELSE 1 END AS "Sales"`,
    );
    const dimensions = ['Customer Name', 'Region'];
    const [advice] = await analyse({ ...weekly, period: 'day', aggregate: 'sum', valueColumn: 'Sales', unit: 'USD', dimensions });
    expect(advice?.action).toMatchObject({ key: 'investigateSegment', params: { dimension: 'Region', value: 'West' } });
    expect(advice!.action.params.gapShare).toBeGreaterThan(0.8);
    expect(advice!.contributions[0]).toMatchObject({ dimension: 'Region', value: 'West' });
    const customers = advice!.contributions.filter((one) => one.dimension === 'Customer Name');
    expect(customers).toHaveLength(6);
    expect(customers.at(-1)).toMatchObject({ remainder: true, value: '95' });
    expect(customers.reduce((sum, one) => sum + one.change, 0)).toBeCloseTo(advice!.gap, 6);
  }, 30_000);

  test('days without any rows are a matter of the feed', async () => {
    tables.get('orders')!.sql = daily(`day >= 392 AND day < 396`);
    const [advice] = await analyse({ ...weekly, period: 'day', aggregate: 'sum', valueColumn: 'Sales', dimensions: ['Region'] });
    expect(advice?.action).toMatchObject({ key: 'checkDataFeed', params: { rows: 0 } });
    expect(advice!.action.params.emptyPeriods).toBeGreaterThanOrEqual(1);
  }, 30_000);

  test('one enormous row is shown as such', async () => {
    tables.get('orders')!.sql = `${daily('false')} UNION ALL SELECT DATE '2025-01-01' + 395, 90000.0, 'West', 'C1'`;
    const [advice] = await analyse({ ...weekly, period: 'day', aggregate: 'sum', valueColumn: 'Sales', dimensions: ['Region'] });
    expect(advice?.action).toMatchObject({ key: 'checkLargestRows', params: { rows: 1, largest: 90000 } });
  }, 30_000);

  test('an average that falls in one region: the parts of an average sum to its gap', async () => {
    const change = `CASE WHEN region = 'West' AND day >= 390 THEN 0.3 ELSE 1 END`;
    tables.get('orders')!.sql = daily('false').replace('AS "Sales"', `* ${change} AS "Sales"`);
    const [advice] = await analyse({ ...weekly, period: 'day', aggregate: 'average', valueColumn: 'Sales', dimensions: ['Region'] });
    expect(advice?.action).toMatchObject({ key: 'investigateSegment', params: { dimension: 'Region', value: 'West' } });
    expect(advice!.contributions.reduce((sum, one) => sum + one.change, 0)).toBeCloseTo(advice!.gap, 6);
  }, 30_000);
});

describe('deciding', () => {
  test('a decision is audited, stays through the next analysis, and cannot be made twice', async () => {
    plant(`"Region" = 'West' AND "Order Date" >= DATE '2017-12-04'`);
    const [advice] = await analyse(weekly);
    const decided = service.decide({ id: advice!.id, decision: 'taken', note: 'Called the shop.' }, bench.caller);
    expect(contract['advise.decide'].result.parse(decided)).toMatchObject({
      state: 'taken',
      decision: { by: 'ada', note: 'Called the shop.' },
    });
    expect((await bench.audit.list({ limit: 1 })).entries[0]).toMatchObject({ action: 'advise.decide', subject: 'metric order-lines', details: { decision: 'taken' } }); // prettier-ignore
    expect(() => service.decide({ id: advice!.id, decision: 'dismissed', note: '' }, bench.caller)).toThrow(
      expect.objectContaining({ code: 'MK_ADVISE_DECIDED' }),
    );
    expect(await analyse(weekly)).toEqual([]);
    expect(service.list('all').filter((one) => one.id === advice!.id)).toHaveLength(1);
    expect(service.counts()).toEqual({ metrics: 1, advice: 0 });
    expect((await bench.audit.verify()).ok).toBe(true);
  }, 60_000);
});

test('an analysis can be cancelled while it judges, and leaves nothing', async () => {
  tables.get('orders')!.sql = daily('false');
  service.saveMetric({ ...weekly, period: 'day', dimensions: [] }, bench.caller);
  const { jobId } = service.analyse('order-lines', bench.caller);
  await expect.poll(() => bench.jobs.get(jobId).progress ?? 0, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
  expect(await bench.jobs.cancel(jobId, bench.caller)).toMatchObject({ state: 'cancelled' });
  expect((await service.metric('order-lines')).method.key).toBe('notAnalysed');
}, 30_000);

test('what the screen waits on is answered from indexes', () => {
  for (const [name, sql] of Object.entries(screenQueries)) {
    const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1);
    const plan = bench.db.prepare<number[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
    const text = plan.map((step) => step.detail).join('; ');
    expect(text, name).toMatch(/USING/);
    expect(text, name).not.toMatch(/SCAN/);
  }
});

/** The orders without the rows that fulfil the condition. */
function plant(condition: string): void {
  tables.get('orders')!.sql = `SELECT * FROM orders WHERE NOT (${condition})`;
}

/** 400 days with about 200 rows each, a weekly rhythm, two regions; days of the condition are left out. Deterministic. */
function daily(without: string): string {
  return `SELECT DATE '2025-01-01' + day::INTEGER AS "Order Date",
      (20 + hash(day * 1000 + line) % 1000 / 100.0) AS "Sales", region AS "Region",
      'C' || hash(line * 31 + day) % 100 AS "Customer Name"
    FROM (SELECT day, line, CASE WHEN hash(day * 7919 + line) % 3 = 0 THEN 'West' ELSE 'East' END AS region
      FROM range(400) AS days(day), range(260) AS lines(line)
      WHERE line < 200 + (day % 7) * 8 + hash(day) % 20 AND NOT (${without}))`;
}

/** The data stage at this stage's interface, over a real DuckDB. */
function duckReader(): MetricReader {
  const table = (name: string): { version: number; columns: Column[]; sql: string } => {
    const found = tables.get(name);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'dataset', name });
    return found;
  };
  return {
    newest: (name) => ({ dataset: name, ...table(name) }) as unknown as DatasetVersion,
    query: async ({ name }, sql) => (await duck.runAndReadAll(sql.replaceAll('{table}', `(${table(name).sql})`))).getRowObjectsJS(),
  };
}
