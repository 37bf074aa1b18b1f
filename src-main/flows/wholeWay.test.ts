// From the raw file of a sample to advice, over the dispatch that every shell uses, with the real child processes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Job } from '../../src-shared/domain/job.ts';
import type { Client } from '../../src-shared/rpc/client.ts';
import type { EventData } from '../../src-shared/rpc/events.ts';
import { demoResult } from '../../src-shared/rpc/samples.ts';
import { TestCore } from '../testing/testCore.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

const sampleFile = join(import.meta.dirname, '../../resources/samples/churn/churn.csv');
const dataset = { name: 'customers', version: 1 };

let bench: TestCore;
let folder: string;
let client: Client;

beforeAll(async () => {
  bench = await TestCore.open();
  ({ folder, client } = bench);
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

const finish = (jobId: string): Promise<Job> => bench.finish(jobId);

test('import → label → train → register → deploy → predict → drift → alert → retrain → promote', async () => {
  const { call } = client;

  // Data.
  await finish((await call('data.import', { files: [sampleFile], name: 'customers' })).jobId);
  const { columns, rows } = await call('data.get', { name: 'customers' });
  expect([rows, columns.length]).toEqual([7043, 20]);

  // Label: a few rows by hand, with the column's own values as suggestions.
  const classes = [{ name: 'Yes', key: '1' }, { name: 'No', key: '2' }]; // prettier-ignore
  await call('label.create', { name: 'review', dataset, kind: 'table', classes, suggestFrom: 'churn' });
  const { items } = await call('label.queue', { name: 'review', limit: 12 });
  expect(items).toHaveLength(12);
  for (const { row, suggestion } of items) await call('label.save', { name: 'review', row, label: suggestion!.label });
  const frozen = await call('label.freeze', { name: 'review' });
  expect(frozen.versions).toMatchObject([{ version: 1, labels: 12 }]);

  // Features and training, registered by the request itself.
  const target = { kind: 'column' as const, column: 'churn' };
  const { spec } = await call('features.propose', { dataset, target });
  const { runId, jobId } = await call('train.start', { dataset, target, spec, learners: ['baseline', 'linear'], search: { method: 'portfolio' }, seed: 1, timeBudgetMs: 20_000, registerAs: 'churn' }); // prettier-ignore
  expect((await finish(jobId)).result).toMatchObject({ runId, registered: { name: 'churn', version: 1 } });
  const first = await call('registry.version', { name: 'churn', version: 1 });
  expect(first.test.auc!.value).toBeGreaterThan(0.8);
  expect(first.card.map(({ key }) => key)).toContain('baselineResult');
  expect(first.importance.length).toBeGreaterThan(0);

  // Registry, serve.
  await call('registry.setAlias', { name: 'churn', alias: 'champion', version: 1, reason: 'first' });
  const endpoint = await call('serve.deploy', { endpoint: 'churn-live', model: 'churn' });
  expect(endpoint).toMatchObject({ state: 'ready', version: 1 });
  const lineage = await call('registry.lineage', { kind: 'monitor', name: 'churn-live', version: null });
  expect(lineage.nodes.map(({ kind }) => kind).sort()).toEqual([
    'dataset',
    'endpoint',
    'features',
    'file',
    'modelVersion',
    'monitor',
    'run',
  ]);

  // Predict as any caller would; then the billing system starts to send cents.
  const sample = (parse(readFileSync(sampleFile, 'utf8'), { columns: true }) as Record<string, string>[]).slice(0, 1800);
  const inputs = new Map(first.signature.inputs.map((input) => [input.name, input]));
  const asSent = (row: Record<string, string>): Record<string, string | number | null> =>
    Object.fromEntries(
      [...inputs].map(([name, { onnxType }]) => [name, row[name] === '' ? null : onnxType === 'string' ? row[name]! : Number(row[name])]),
    );
  const predict = async (
    batch: Record<string, unknown>[],
  ): Promise<{ requestId: string; predictions: { prediction: string }[]; version: number }> => {
    const answer = await fetch(endpoint.predictUrl!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rows: batch }) }); // prettier-ignore
    expect(answer.status).toBe(200);
    return (await answer.json()) as never;
  };
  expect((await predict([asSent(sample[0]!)])).predictions[0]!.prediction).toMatch(/^(Yes|No)$/);
  const truth: { requestId: string; row: number; truth: string }[] = [];
  for (let from = 0; from < sample.length; from += 300) {
    const batch = sample.slice(from, from + 300);
    const broken = batch.map((row) => ({ ...asSent(row), monthly_charges: Number(row.monthly_charges) * 100 }));
    const { requestId, predictions } = await predict(broken);
    expect(predictions).toHaveLength(batch.length);
    truth.push(...batch.map((row, index) => ({ requestId, row: index, truth: row.churn! })));
  }

  // Monitor: the column is named, and an alert opens.
  await expect.poll(async () => (await call('serve.requests', { endpoint: 'churn-live' })).total, { timeout: 30_000 }).toBe(7);
  expect(await call('monitor.truth', { endpoint: 'churn-live', rows: truth })).toEqual({ matched: sample.length, unknown: 0 });
  const report = await call('monitor.evaluate', { endpoint: 'churn-live' });
  expect(report.columns.find(({ name }) => name === 'monthly_charges')).toMatchObject({ verdict: 'critical' });
  const alert = (await call('monitor.alerts', {})).find(({ column }) => column === 'monthly_charges')!;
  expect(alert).toMatchObject({ endpoint: 'churn-live', kind: 'psi', state: 'open' });
  expect((await call('system.today', {})).inbox.map(({ kind }) => kind)).toContain('alert');

  // Learn: the stored requests with their truth become part of the data; the challenger wins on the same rows.
  const { cycleId, jobId: learning } = await call('learn.start', { model: 'churn', alertId: alert.id });
  await expect(call('learn.start', { model: 'churn' })).rejects.toMatchObject({ code: 'MK_LEARN_RUNNING' });
  expect((await finish(learning)).result).toEqual({ cycleId, state: 'proposed' });
  const cycle = await call('learn.get', { id: cycleId });
  expect(cycle).toMatchObject({
    dataset: { name: 'customers', version: 2 },
    requestsAdded: sample.length,
    champion: { version: 1 },
    challenger: { version: 2 },
    trigger: { kind: 'alert', alertId: alert.id },
    endpoint: 'churn-live',
  });
  expect(cycle.gates.filter(({ passed }) => !passed)).toEqual([]);
  const auc = cycle.comparison!.metrics.find(({ metric }) => metric === 'auc')!;
  expect(auc).toMatchObject({ verdict: 'better' });
  expect(auc.difference.low).toBeGreaterThan(0);
  expect((await call('system.today', {})).inbox.map(({ kind }) => kind)).toContain('proposal');

  // Promote while somebody asks: no request fails, and the answers change hands.
  const versions = new Set<number>();
  let asking = true;
  const asker = (async () => {
    while (asking) versions.add((await predict([asSent(sample[1]!)])).version);
  })();
  const decided = await call('learn.decide', { id: cycleId, decision: 'promote', reason: 'the billing system sends cents now' });
  expect(decided).toMatchObject({ state: 'promoted', decision: { by: 'ada' } });
  await expect.poll(() => [...versions], { timeout: 10_000 }).toContain(2);
  asking = false;
  await asker;
  expect([...versions]).toEqual([1, 2]);
  expect(await call('serve.get', { name: 'churn-live' })).toMatchObject({ version: 2, state: 'ready' });
  await expect(call('learn.decide', { id: cycleId, decision: 'reject' })).rejects.toMatchObject({ code: 'MK_LEARN_NOT_PROPOSED' });

  // The same again finds nothing better, and says so.
  const again = await call('learn.start', { model: 'churn' });
  expect((await finish(again.jobId)).result).toMatchObject({ state: 'noImprovement' });
  const dull = await call('learn.get', { id: again.cycleId });
  expect(dull.gates.find(({ gate }) => gate === 'proven')).toMatchObject({ passed: false });
  await expect(call('learn.decide', { id: again.cycleId, decision: 'promote' })).rejects.toMatchObject({ code: 'MK_LEARN_REASON_MISSING' });
  expect(await call('learn.decide', { id: again.cycleId, decision: 'reject', reason: 'no gain' })).toMatchObject({ state: 'rejected' });

  // Everything stands in one chain.
  const log = await call('audit.list', { limit: 1000 });
  const actions = new Set(log.entries.map(({ action }) => action));
  for (const action of [
    'data.import',
    'label.create',
    'label.save',
    'label.freeze',
    'train.start',
    'registry.register',
    'registry.alias.set',
    'serve.deploy',
    'serve.switch',
    'monitor.truth',
    'learn.start',
    'learn.addRequests',
    'learn.conclude',
    'learn.decide',
  ])
    // prettier-ignore
    expect(actions, action).toContain(action);
  expect(await call('audit.verify', {})).toMatchObject({ ok: true });
  expect((await call('registry.verify', {})).corrupt).toEqual([]);
  expect(await call('data.usedBy', dataset)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'labelSet', name: 'review' }),
      expect.objectContaining({ kind: 'modelVersion', version: 1 }),
    ]),
  );
});

test('one click takes the orders from the raw file to an answer and to a watched business figure', async () => {
  const steps: EventData<'demo'>[] = [];
  const stop = client.on('demo', (event) => steps.push(event));
  const { jobId } = await client.call('samples.run', { id: 'orders' });
  const result = demoResult.parse((await finish(jobId)).result);
  stop();
  expect(result.steps.map(({ step }) => step)).toEqual([
    'import',
    'features',
    'train',
    'register',
    'promote',
    'deploy',
    'predict',
    'metric',
  ]);
  expect(steps.filter(({ state }) => state === 'done').map(({ step }) => step)).toEqual(result.steps.map(({ step }) => step));
  expect(result.tookMs).toBeLessThan(120_000);
  expect(result.curl).toContain(result.endpointUrl);
  const report = await client.call('advise.metric', { name: 'daily-sales' });
  expect(report).toMatchObject({ method: { key: 'rolling' }, datasetVersion: { name: 'orders', version: 1 } });
  expect((await client.call('samples.list', {})).find(({ id }) => id === 'orders')).toMatchObject({ imported: true, kind: 'table' });
  const { counts } = await client.call('system.today', {});
  expect(counts).toMatchObject({ datasets: 2, models: 2, endpoints: 2, metrics: 1, cycles: 2 });
});

test('orders of one region stop arriving: the newest version shows it, advice names the region, and a person decides', async () => {
  const { call } = client;
  const metric = { name: 'order-lines', title: 'Order lines a week', dataset: 'orders', timeColumn: 'Order Date', aggregate: 'count' as const, valueColumn: null, shareOf: null, dimensions: ['Segment', 'Region'], period: 'week' as const, unit: 'lines', goal: 'up' as const }; // prettier-ignore
  await call('advise.saveMetric', metric);
  await finish((await call('advise.analyse', { name: 'order-lines' })).jobId);
  expect((await call('advise.list', {})).filter((one) => one.metric === 'order-lines')).toEqual([]);

  const [header, ...lines] = readFileSync(join(import.meta.dirname, '../../resources/samples/orders/orders.csv'), 'utf8')
    .trimEnd()
    .split('\n');
  const kept = lines.filter((line) => !(/,2017-12-(0[4-9]|[123]\d),/.test(line) && line.includes(',West,')));
  const file = join(folder, 'orders.csv');
  writeFileSync(file, `${[header, ...kept].join('\n')}\n`);
  const { importOptions } = JSON.parse(readFileSync(join(import.meta.dirname, '../../resources/samples/orders/sample.json'), 'utf8')) as {
    importOptions: object;
  };
  expect((await finish((await call('data.import', { files: [file], name: 'orders', options: importOptions })).jobId)).result).toMatchObject(
    { version: 2 },
  );
  expect(await call('advise.metric', { name: 'order-lines' })).toMatchObject({
    method: { key: 'notAnalysed' },
    datasetVersion: { version: 2 },
  });

  await finish((await call('advise.analyse', { name: 'order-lines' })).jobId);
  const [advice] = (await call('advise.list', {})).filter((one) => one.metric === 'order-lines');
  expect(advice).toMatchObject({ action: { key: 'checkSegmentFeed', params: { dimension: 'Region', value: 'West', rows: 0 } } });
  expect((await call('system.today', {})).inbox.map(({ kind }) => kind)).toContain('advice');
  expect(await call('advise.decide', { id: advice!.id, decision: 'taken', note: 'asked the West shop' })).toMatchObject({ state: 'taken' });
  expect(await call('audit.verify', {})).toMatchObject({ ok: true });
});
