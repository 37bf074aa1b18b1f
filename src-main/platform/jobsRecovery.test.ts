// Real kills of a real process that runs an engine on a real file.
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Job } from '../../src-shared/domain/job.ts';
import { startProgram, type Worker } from './processHost.ts';

let folder: string;
let core: Worker;

async function boot(): Promise<{ continued: number; failed: number }> {
  core = startProgram('jobRunner', join(import.meta.dirname, 'fixtures/jobRunner.ts'));
  return core.request('open', join(folder, 'w'));
}

async function killCore(): Promise<void> {
  process.kill(core.pid, 'SIGKILL');
  await core.exited;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
  await boot();
});
afterEach(async () => {
  await core.stop();
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, 'numbers');
const numbers = (): number[] => (existsSync(file()) ? readFileSync(file(), 'utf8').trim().split('\n').map(Number) : []);
const reached = (count: number): Promise<unknown> =>
  vi.waitFor(() => expect(numbers().length).toBeGreaterThanOrEqual(count), { timeout: 5000, interval: 10 });

test('after kill -9 a resumable job goes on from its checkpoint: nothing done is done twice, nothing is left out', async () => {
  const id = await core.request<string>('start', { kind: 'resumable', params: { file: file() } });
  await reached(10);
  await killCore();
  expect(await boot()).toEqual({ continued: 1, failed: 0 });
  await reached(25);
  await killCore();
  await boot();
  const job = await core.request<Job>('wait', id);
  expect(job).toMatchObject({ state: 'done', attempts: 3, progress: 1, error: null });
  expect((job.result as { from: number }).from).toBeGreaterThanOrEqual(24);
  // The append and its checkpoint are two steps: a kill between them repeats one number, never skips one.
  expect([...new Set(numbers())]).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(numbers().length).toBeLessThanOrEqual(42);
}, 30_000);

test('after kill -9 a job that cannot be continued has failed with MK_JOB_INTERRUPTED', async () => {
  const id = await core.request<string>('start', { kind: 'once', params: { file: file() } });
  await reached(5);
  await killCore();
  expect(await boot()).toEqual({ continued: 0, failed: 1 });
  expect(await core.request('get', id)).toMatchObject({ state: 'failed', error: { code: 'MK_JOB_INTERRUPTED' }, attempts: 1 });
}, 30_000);

test('a job that kills its core every time is given up after three attempts', async () => {
  const id = await core.request<string>('start', { kind: 'crash', params: {} });
  await core.exited;
  for (let attempt = 2; attempt <= 3; attempt++) {
    await boot().catch(() => {}); // it may die before it answers
    await core.exited;
  }
  expect(await boot()).toEqual({ continued: 0, failed: 1 });
  expect(await core.request('get', id)).toMatchObject({ state: 'failed', attempts: 3, error: { code: 'MK_JOB_INTERRUPTED' } });
}, 30_000);

test('a wish to cancel survives a kill: the job does not come back', async () => {
  const id = await core.request<string>('start', { kind: 'stubborn', params: {} });
  await vi.waitFor(async () => expect(await core.request('get', id)).toMatchObject({ state: 'running' }));
  await core.request('cancel', id);
  await killCore();
  expect(await boot()).toEqual({ continued: 0, failed: 0 });
  expect(await core.request('get', id)).toMatchObject({ state: 'cancelled', cancellable: false });
}, 30_000);

test('a polite end puts a resumable job back without counting an attempt', async () => {
  const id = await core.request<string>('start', { kind: 'resumable', params: { file: file() } });
  await reached(5);
  await core.stop();
  await boot();
  await reached(15);
  expect(await core.request('get', id)).toMatchObject({ state: 'running' });
}, 30_000);
