// Monitoring over real requests: a real endpoint is asked, its answers are stored, counted and judged.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert, MonitorReport } from '../../../src-shared/rpc/monitor.ts';
import { counterRandom } from '../../platform/random.ts';
import { http, openTestServe, type TestServe } from '../../testing/serveBench.ts';
import { churnModel, churnReference, versionModel } from '../../testing/serveModels.ts';
import { MonitorService } from './api.ts';

let t: TestServe;
let monitor: MonitorService;
let url: string;
const opened: Alert[] = [];

beforeAll(async () => {
  t = await openTestServe();
  const { db, audit, clock, ids, emit } = t.bench;
  monitor = new MonitorService({ db, audit, clock, ids, emit, serve: t.serve });
  t.bench.add(() => monitor.close());
  monitor.onAlertOpened((alert) => opened.push(alert));
  await t.registry.add('churn', 1, churnModel(), churnReference);
  await t.registry.add('plain', 1, versionModel(1));
  t.registry.aliases.set('churn@champion', 1).set('plain@champion', 1);
  url = await deploy('churn', true);
}, 180_000);
afterAll(() => t[Symbol.asyncDispose](), 30_000);

const deploy = async (endpoint: string, storeInputs: boolean, model = 'churn'): Promise<string> =>
  (await t.serve.deploy({ endpoint, model, alias: 'champion', storeInputs, reason: '' }, t.bench.caller)).predictUrl!;

const random = counterRandom(3);
/** Rows as in training; `drift` moves tenure up and loses plans. */
const rows = (count: number, drift = false): Record<string, unknown>[] =>
  Array.from({ length: count }, () => ({
    tenure: drift ? 50 + random.integer(23) : random.integer(72),
    plan: drift && random.next() < 0.3 ? null : random.next() < 0.7 ? 'basic' : '高级',
    active: random.next() < 0.5,
    notes: ['', 'short', 'some longer words', 'a text of more than twenty letters'][random.integer(4)],
  }));
const send = async (count: number, drift = false, to = url): Promise<{ id: string; answers: string[] }> => {
  const { status, body } = await http(to, { rows: rows(count, drift) });
  expect(status).toBe(200);
  return { id: body.requestId, answers: body.predictions.map(({ prediction }: { prediction: string }) => prediction) };
};
const open = (): string[] =>
  monitor
    .alerts('open')
    .map(({ kind, column }) => (column ? `${kind} ${column}` : kind))
    .sort();
const column = (report: MonitorReport, name: string): MonitorReport['columns'][number] =>
  report.columns.find((each) => each.name === name)!;

describe('monitoring an endpoint', () => {
  test('before the first request there is nothing to judge', async () => {
    expect(await monitor.get('churn')).toMatchObject({ verdict: 'noTraffic', window: null, alerts: [] });
    expect(monitor.list()).toMatchObject([{ endpoint: 'churn', verdict: 'noTraffic', openAlerts: 0 }]);
    await expect(monitor.get('nobody')).rejects.toMatchObject({ code: 'MK_NOT_FOUND' });
  });

  test('too few rows give figures and no verdict', async () => {
    await send(50, true);
    const report = await monitor.evaluate('churn');
    expect(report).toMatchObject({ verdict: 'tooFewRows', window: { rows: 50 } });
    expect(column(report, 'tenure')).toMatchObject({ psi: null, verdict: 'tooFewRows' });
  });

  test('rows as in training are ok', async () => {
    await send(1000);
    const report = await monitor.evaluate('churn');
    expect(report).toMatchObject({ verdict: 'ok', window: { rows: 1000 }, performance: { verdict: 'noTruth' } });
    expect(column(report, 'tenure').psi).toBeLessThan(0.05);
    expect(column(report, 'notes')).toMatchObject({ reference: { kind: 'text' }, verdict: 'ok' });
    expect(open()).toEqual([]);
  });

  test('drift and missing values open one alert each, once', async () => {
    await send(1000, true);
    const report = await monitor.evaluate('churn');
    await monitor.evaluate('churn');
    expect(report.verdict).toBe('critical');
    expect(report.columns[0]!.verdict).toBe('critical');
    expect(column(report, 'tenure').psi).toBeGreaterThan(0.2);
    expect(column(report, 'plan')).toMatchObject({ nullRateReference: 0 });
    expect(column(report, 'plan').nullRate).toBeGreaterThan(0.2);
    expect(open()).toEqual(expect.arrayContaining(['nullRate plan', 'psi tenure']));
    expect(new Set(open()).size).toBe(open().length);
    expect(opened.length).toBe(open().length);
    expect(monitor.list()[0]).toMatchObject({ verdict: 'critical', openAlerts: open().length, rows: 1000 });
    expect(column(report, 'tenure').history.length).toBeGreaterThanOrEqual(3);
    expect(t.bench.eventsOf('changed').some(({ area, name }) => area === 'monitor' && name === 'churn')).toBe(true);
  });

  test('an acknowledged alert stays until the values are well back for two new windows', async () => {
    const [alert] = monitor.alerts('open').filter(({ kind }) => kind === 'psi');
    expect(monitor.acknowledge({ id: alert!.id, note: 'new campaign' }, t.bench.caller)).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: 'ada',
    });
    await send(1000);
    await monitor.evaluate('churn');
    await monitor.evaluate('churn'); // the same window again is no second one
    expect(open().length).toBeGreaterThan(0);
    await send(100);
    expect((await monitor.evaluate('churn')).verdict).toBe('ok');
    expect(open()).toEqual([]);
    expect(monitor.alerts('all').find(({ id }) => id === alert!.id)).toMatchObject({ state: 'closed', acknowledgedBy: 'ada' });
    const [entry] = t.bench.db.prepare<[], { details: string }>("SELECT details FROM audit WHERE action = 'monitor.acknowledge'").all();
    expect(JSON.parse(entry!.details)).toMatchObject({ endpoint: 'churn', kind: 'psi', column: 'tenure', note: 'new campaign' });
    expect(() => monitor.acknowledge({ id: 'nobody', note: '' }, t.bench.caller)).toThrow(
      expect.objectContaining({ code: 'MK_NOT_FOUND' }),
    );
  });

  test('truth by rows and by file gives the performance, and its fall is an alert', async () => {
    const good = await send(200);
    expect(
      await monitor.truth(
        { endpoint: 'churn', rows: good.answers.map((truth, row) => ({ requestId: good.id, row, truth })) },
        t.bench.caller,
      ),
    ).toEqual({ matched: 200, unknown: 0 });
    expect(await monitor.evaluate('churn')).toMatchObject({
      performance: { metric: 'accuracy', labelled: 200, verdict: 'ok', current: { value: 1 } },
    });

    const bad = await send(400);
    const file = join(t.bench.folder, 'truth.csv');
    const flipped = bad.answers.map((answer, row) => `${bad.id},${row},${answer === 'yes' ? 'no' : 'yes'}`);
    await writeFile(file, `\ufeffrequest_id,row,truth\n${flipped.join('\n')}\nreq_unknown,0,no\n`);
    expect(await monitor.truth({ endpoint: 'churn', file }, t.bench.caller)).toEqual({ matched: 400, unknown: 1 });
    const report = await monitor.evaluate('churn');
    expect(report.performance).toMatchObject({ labelled: 600, verdict: 'critical' });
    expect(report.performance!.current!.value).toBeCloseTo(1 / 3, 6);
    expect(open()).toContain('performance accuracy');
    const { rows: labelled } = await t.serve.labelledRows('churn', { limit: 10 });
    expect(labelled.length).toBe(600);
    expect(labelled[0]!.input).toHaveProperty('plan');
  });

  test.each<[string, string, string, Record<string, unknown>]>([
    [
      'a value that is no class',
      'request_id,row,truth\nreq_1,0,maybe\n',
      'MK_MONITOR_TRUTH_CLASS',
      { row: 0, found: 'maybe', classes: 'no, yes' },
    ],
    ['a missing column', 'request_id,row\nreq_1,0\n', 'MK_MONITOR_TRUTH_FILE', { file: 'bad.csv', row: 1 }],
    ['a row that is no number', 'request_id,row,truth\nreq_1,0,no\nreq_1,first,no\n', 'MK_MONITOR_TRUTH_FILE', { row: 3 }],
    ['a ragged line', 'request_id,row,truth\nreq_1,0,no,5\n', 'MK_MONITOR_TRUTH_FILE', { row: 2 }],
    ['an open quote', 'request_id,row,truth\n"req_1,0,no\n', 'MK_MONITOR_TRUTH_FILE', { file: 'bad.csv' }],
    ['an empty file', '', 'MK_MONITOR_TRUTH_FILE', { row: 1 }],
    ['binary content', '\u0000\u0001PK\u0003', 'MK_MONITOR_TRUTH_FILE', { row: 1 }],
  ])('%s is refused and nothing is stored', async (_title, text, code, params) => {
    const before = (await t.serve.labelledRows('churn', { limit: 1000 })).rows.length;
    const file = join(t.bench.folder, 'bad.csv');
    await writeFile(file, text);
    await expect(monitor.truth({ endpoint: 'churn', file }, t.bench.caller)).rejects.toMatchObject({ code, params });
    expect((await t.serve.labelledRows('churn', { limit: 1000 })).rows.length).toBe(before);
  });

  test('no rows and no file, or a file that is not there, are refused', async () => {
    await expect(monitor.truth({ endpoint: 'churn' }, t.bench.caller)).rejects.toMatchObject({ code: 'MK_MONITOR_NO_TRUTH' });
    await expect(
      monitor.truth({ endpoint: 'plain', rows: [{ requestId: 'req_1', row: 0, truth: 'many' }] }, t.bench.caller),
    ).rejects.toMatchObject({ code: 'MK_NOT_FOUND' });
    await expect(monitor.truth({ endpoint: 'churn', file: '/nowhere/truth.csv' }, t.bench.caller)).rejects.toMatchObject({
      code: 'MK_NOT_FOUND',
    });
    await expect(monitor.truth({ endpoint: 'churn', file: join(t.bench.folder, 'lines.jsonl') }, t.bench.caller)).rejects.toMatchObject({
      code: 'MK_NOT_FOUND',
    });
    await expect(monitor.truth({ endpoint: 'churn', file: t.bench.folder }, t.bench.caller)).rejects.toMatchObject({
      code: 'MK_NOT_FOUND',
    });
  });

  test('many refused requests are an alert of their own', async () => {
    for (let at = 0; at < 150; at++) await http(url, { tenure: 'x' });
    await monitor.evaluate('churn');
    expect(open()).toContain('errorRate');
  });

  test('settings are kept, audited and used', async () => {
    const { settings } = await monitor.get('churn');
    monitor.saveSettings({ endpoint: 'churn', settings: { ...settings, windowRows: 200, errorRateLimit: 0.99 } }, t.bench.caller);
    expect(await monitor.evaluate('churn')).toMatchObject({ window: { rows: 200 }, settings: { windowRows: 200 } });
    expect(t.bench.db.prepare("SELECT count(*) FROM audit WHERE action = 'monitor.settings'").pluck().get()).toBe(1);
  });
});

describe('other endpoints', () => {
  test('without stored inputs drift is found from counts, and no value reaches the disk', async () => {
    const quiet = await deploy('quiet', false);
    await send(600, false, quiet);
    expect(await monitor.evaluate('quiet')).toMatchObject({ verdict: 'ok', window: { rows: 600 } });
    await http(quiet, { tenure: 5, plan: '独一无二', active: true });
    await send(3000, true, quiet);
    const report = await monitor.evaluate('quiet');
    expect(report.verdict).toBe('critical');
    expect(column(report, 'tenure').psi).toBeGreaterThan(0.2);
    expect(column(report, 'plan').unseen).toBeGreaterThan(0);
    const { readdir, readFile } = await import('node:fs/promises');
    for (const folder of [t.bench.folder, t.bench.workspace.journal])
      for (const name of await readdir(folder))
        if (/requests|\.mkj$/.test(name)) expect((await readFile(join(folder, name))).includes('独一无二')).toBe(false);
  });

  test('a version without a reference is watched for traffic only', async () => {
    const plain = await deploy('plain', true, 'plain');
    for (let at = 0; at < 120; at++) await http(plain, { x: at });
    expect(await monitor.evaluate('plain')).toMatchObject({
      columns: [],
      prediction: null,
      performance: null,
      verdict: 'ok',
      traffic: { requests: 120 },
    });
  });

  test('V2 requests count like named ones', async () => {
    const endpoint = await deploy('v2', true);
    const sample = rows(500, true);
    const inputs = [
      { name: 'tenure', shape: [500, 1], datatype: 'FP32', data: sample.map((row) => row['tenure']) },
      { name: 'plan', shape: [500, 1], datatype: 'BYTES', data: sample.map((row) => row['plan'] ?? '') },
      { name: 'active', shape: [500, 1], datatype: 'FP32', data: sample.map((row) => Number(row['active'])) },
    ];
    expect((await http(endpoint.replace('/api/v1/endpoints/v2/predict', '/v2/models/v2/infer'), { inputs })).status).toBe(200);
    const report = await monitor.evaluate('v2');
    expect(report.window!.rows).toBe(500);
    expect(column(report, 'tenure').psi).toBeGreaterThan(0.2);
    expect(column(report, 'plan').nullRate).toBeGreaterThan(0.2);
    expect(report.prediction!.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  });
});
