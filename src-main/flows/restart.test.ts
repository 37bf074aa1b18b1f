// Flows that were cut off by the end of the program go on at the next start, and do no step twice that must not be.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Job } from '../../src-shared/domain/job.ts';
import { createClient, type Client } from '../../src-shared/rpc/client.ts';
import { createCore, type Core } from '../core.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let folder: string;
let core: Core;
let client: Client;

beforeAll(async () => {
  process.env.MODELKEEP_SERVE_PORT = '0';
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-restart-'));
  await open();
});
afterAll(async () => {
  await core.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<void> {
  core = await createCore({ workspaceFolder: folder, shell: 'headless', actor: 'ada' });
  client = createClient({ send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) });
}

async function until(jobId: string, stop: (job: Job) => boolean): Promise<Job> {
  for (;;) {
    const job = await client.call('jobs.get', { id: jobId });
    if (stop(job)) return job;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const ended = ({ state }: Job): boolean => state === 'done' || state === 'failed' || state === 'cancelled';

test('a sample run and a learning cycle are cut off while they train, and both end well', async () => {
  const { jobId } = await client.call('samples.run', { id: 'churn' });
  await until(jobId, (job) => job.note?.key === 'train' || (job.progress ?? 0) > 0.25);
  await core.close();
  await open();
  const demo = await until(jobId, ended);
  expect(demo).toMatchObject({ state: 'done', error: null });
  expect(await client.call('train.list', {})).toHaveLength(1);
  expect((await client.call('registry.get', { name: 'churn' })).versions).toBe(1);
  expect(await client.call('serve.get', { name: 'churn' })).toMatchObject({ state: 'ready', version: 1 });

  const { cycleId, jobId: learning } = await client.call('learn.start', { model: 'churn', seed: 5 });
  await expect.poll(async () => (await client.call('learn.get', { id: cycleId })).state, { timeout: 30_000 }).toBe('training');
  await core.close();
  await open();
  expect(await until(learning, ended)).toMatchObject({ state: 'done', error: null });
  const cycle = await client.call('learn.get', { id: cycleId });
  expect(['proposed', 'noImprovement']).toContain(cycle.state);
  expect(cycle.comparison?.rows).toBeGreaterThan(200);
  expect(await client.call('train.list', {})).toHaveLength(2);
  expect((await client.call('registry.get', { name: 'churn' })).versions).toBe(2);
  expect(await client.call('audit.verify', {})).toMatchObject({ ok: true });
});

test('cancelling a cycle stops its training too, says so, and the next cycle may start', async () => {
  const { cycleId, jobId } = await client.call('learn.start', { model: 'churn' });
  await expect.poll(async () => (await client.call('learn.get', { id: cycleId })).state, { timeout: 30_000 }).toBe('training');
  expect(await client.call('jobs.cancel', { id: jobId })).toMatchObject({ state: 'cancelled' });
  expect(await client.call('learn.get', { id: cycleId })).toMatchObject({ state: 'failed', error: { code: 'MK_JOB_CANCELLED' } });
  const { jobs } = await client.call('jobs.list', { states: ['running', 'queued'] });
  expect(jobs.filter(({ kind }) => kind === 'train')).toEqual([]);
  const next = await client.call('learn.start', { model: 'churn', withRequests: false });
  await client.call('jobs.cancel', { id: next.jobId });
});
