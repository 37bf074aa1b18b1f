import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createClient, type Client } from '../../src-shared/rpc/client.ts';
import { createCore, type Core } from '../core.ts';
import { openTestBench } from '../testing/testBench.ts';
import { Samples } from './samples.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let core: Core;
let client: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-today-'));
  core = await createCore({ workspaceFolder: join(folder, 'w'), shell: 'cli', actor: 'ada' });
  client = createClient({ send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) });
});
afterAll(async () => {
  await core.close();
  rmSync(folder, { recursive: true, force: true });
});

async function finish(jobId: string): Promise<string> {
  for (;;) {
    const { state } = await client.call('jobs.get', { id: jobId });
    if (state !== 'queued' && state !== 'running') return state;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

test('a new workspace needs nothing', async () => {
  const { inbox, snoozed, counts } = await client.call('system.today', {});
  expect([inbox, snoozed]).toEqual([[], []]);
  expect(Object.values(counts).every((count) => count === 0)).toBe(true);
});

test('what fails, and what is left to label, waits here; a success makes a failure good', async () => {
  const file = join(folder, 'rows.csv');
  const importRows = async (): Promise<string> => finish((await client.call('data.import', { files: [file], name: 'rows' })).jobId);
  expect(await importRows()).toBe('failed');
  expect((await client.call('system.today', {})).inbox).toMatchObject([
    { kind: 'jobFailed', severity: 'watch', name: 'dataset rows', params: { of: 'data.import' }, route: '#/jobs' },
  ]);
  writeFileSync(file, 'a,b\n1,x\n2,y\n3,x\n');
  expect(await importRows()).toBe('done');
  const classes = [{ name: 'x', key: '1' }, { name: 'y', key: '2' }]; // prettier-ignore
  await client.call('label.create', { name: 'set', dataset: { name: 'rows', version: 1 }, kind: 'table', classes });
  await client.call('label.save', { name: 'set', row: 0, label: 'x' });
  const { inbox, counts } = await client.call('system.today', {});
  expect(inbox).toMatchObject([
    { kind: 'labels', severity: 'note', name: 'set', params: { count: 2, labelled: 1, total: 3 }, route: '#/label/set' },
  ]);
  expect(counts).toMatchObject({ datasets: 1, labelSets: 1, toLabel: 2 });
});

test('snoozing hides an item until its time, and is audited', async () => {
  const [item] = (await client.call('system.today', {})).inbox;
  await client.call('system.snooze', { itemId: item!.id, untilMs: Date.now() + 3_600_000 });
  expect(await client.call('system.today', {})).toMatchObject({ inbox: [], snoozed: [{ id: item!.id }] });
  await client.call('system.snooze', { itemId: item!.id, untilMs: Date.now() - 1 });
  expect(await client.call('system.today', {})).toMatchObject({ inbox: [{ id: item!.id }], snoozed: [] });
  expect((await client.call('audit.list', { limit: 1 })).entries[0]).toMatchObject({
    action: 'system.snooze',
    subject: `item ${item!.id}`,
  });
});

test.each([
  ['unknown', 'nothing', 'MK_NOT_FOUND'],
  ['climbs out', '../w', 'MK_NOT_FOUND'],
])('a sample that is %s is refused', async (_, id, code) => {
  await expect(client.call('samples.run', { id })).rejects.toMatchObject({ code });
  await expect(client.call('samples.import', { id })).rejects.toMatchObject({ code });
});

test('every bundled sample is listed with its licence; importing one defines its business figure', async () => {
  const listed = await client.call('samples.list', {});
  expect(listed.map(({ id }) => id).sort()).toEqual(['churn', 'fashion', 'orders', 'poems']);
  expect(listed.every(({ licence, imported }) => licence !== '' && !imported)).toBe(true);
  expect(await finish((await client.call('samples.import', { id: 'orders' })).jobId)).toBe('done');
  expect((await client.call('samples.list', {})).filter(({ imported }) => imported).map(({ id }) => id)).toEqual(['orders']);
  expect(await client.call('advise.metrics', {})).toMatchObject([{ name: 'daily-sales', dataset: 'orders' }]);
});

test('a damaged sample is named', async () => {
  await using bench = await openTestBench();
  const broken = join(folder, 'samples/broken');
  mkdirSync(broken, { recursive: true });
  writeFileSync(join(broken, 'sample.json'), '{"id":"broken"');
  const samples = new Samples({ folder: join(folder, 'samples'), jobs: bench.jobs, data: { list: () => [], startImport: () => ({ jobId: '' }) }, advise: { saveMetric: (metric) => metric } }); // prettier-ignore
  await expect(samples.list()).rejects.toMatchObject({ code: 'MK_SAMPLE_UNREADABLE', params: { sample: 'broken' } });
});
