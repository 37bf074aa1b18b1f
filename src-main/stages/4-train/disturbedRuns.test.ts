// Runs that are killed, stopped, paused and cancelled: nothing is lost, and what comes out is what would have come out.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import { liveWorkers } from '../../platform/processHost.ts';
import type { TestBench } from '../../testing/testBench.ts';
import type { TestData } from './testData.ts';
import type { TrainService } from './api.ts';
import { best, TestTraining } from './testTraining.ts';

const samples = new URL('../../../resources/samples/', import.meta.url).pathname;

let training: TestTraining;
let bench: TestBench;
let data: TestData;
let train: TrainService;

beforeEach(async () => {
  training = await TestTraining.open();
  ({ bench, data, train } = training);
});
afterEach(async () => {
  await training[Symbol.asyncDispose]();
});

describe('a run', { timeout: 300_000 }, () => {
  it('goes on after its worker is killed, and ends with the same models', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const request: TrainRequest = {
      dataset,
      target: { kind: 'column', column: 'churn' },
      timeBudgetMs: 600_000,
      learners: ['linear', 'mlp'],
      search: { method: 'tpe', maxCandidates: 10 },
    };
    const undisturbed = await training.finish(request);
    const { runId, jobId } = await train.start(request, bench.caller);
    let kills = 0;
    for (const doneBefore of [1, 3]) {
      await until(() => train.get({ runId }).candidates.filter((each) => each.state === 'done').length >= doneBefore);
      const { pid } = liveWorkers().find(({ role }) => role === 'trainWorker')!;
      process.kill(pid, 'SIGKILL');
      await until(() => !liveWorkers().some((worker) => worker.pid === pid));
      kills++;
    }
    expect((await bench.jobs.wait(jobId)).state).toBe('done');
    expect(kills).toBe(2);
    const resumed = train.get({ runId });
    expect(resumed.candidates.map((each) => each.sha256)).toEqual(undisturbed.candidates.map((each) => each.sha256));
    expect(resumed.candidates.map((each) => each.test)).toEqual(undisturbed.candidates.map((each) => each.test));
  });

  it('goes on after the whole program ended, with the same models', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const request: TrainRequest = {
      dataset,
      target: { kind: 'column', column: 'churn' },
      timeBudgetMs: 600_000,
      learners: ['linear', 'mlp'],
      search: { method: 'tpe', maxCandidates: 10 },
    };
    const undisturbed = await training.finish(request);
    const { runId, jobId } = await train.start(request, bench.caller);
    await until(() => train.get({ runId }).candidates.filter((each) => each.state === 'done').length >= 2);
    await bench.jobs.close();
    expect(train.run(runId).state).toBe('running');

    const { JobEngine } = await import('../../platform/jobs.ts');
    const jobs = new JobEngine(bench.db, bench.clock, bench.emit, {
      ids: bench.ids,
      concurrency: 2,
      memoryBudgetMb: 2048,
      audit: bench.audit,
    });
    bench.add(() => jobs.close());
    ({ train } = training.services({ jobs }));
    jobs.recover();
    expect((await jobs.wait(jobId)).state).toBe('done');
    expect(train.get({ runId }).candidates.map((each) => each.sha256)).toEqual(undisturbed.candidates.map((each) => each.sha256));
  });

  it('waits when asked to, takes more time, and finishes with what there is', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const { runId, jobId } = await train.start(
      { dataset, target: { kind: 'column', column: 'churn' }, learners: ['baseline', 'linear', 'mlp'], timeBudgetMs: 600_000 },
      bench.caller,
    );
    const done = (): number => train.get({ runId }).candidates.filter((each) => each.state === 'done').length;
    await until(() => done() >= 2);
    expect(train.steer({ runId, pause: true }, bench.caller)).toEqual({ paused: true, addedMs: 0 });
    await until(() => !liveWorkers().some(({ role }) => role === 'fitWorker'));
    const before = done();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(done()).toBe(before);
    expect(train.get({ runId }).paused).toBe(true);
    expect(train.steer({ runId, pause: false, addMs: 60_000 }, bench.caller)).toEqual({ paused: false, addedMs: 60_000 });
    await until(() => done() > before);
    train.steer({ runId, finish: true }, bench.caller);
    expect((await bench.jobs.wait(jobId)).state).toBe('done');
    const run = train.get({ runId });
    expect(run.state).toBe('done');
    expect(run.findings.map((each) => each.code)).toContain('stopped');
    expect(best(run).sha256).not.toBeNull();
    expect(() => train.steer({ runId, pause: true }, bench.caller)).toThrow(expect.objectContaining({ code: 'MK_TRAIN_NOT_RUNNING' }));
  });

  it('keeps the best so far when it is cancelled', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const { runId, jobId } = await train.start(
      { dataset, target: { kind: 'column', column: 'churn' }, learners: ['baseline', 'linear', 'mlp'], timeBudgetMs: 600_000 },
      bench.caller,
    );
    await until(() => train.get({ runId }).candidates.filter((each) => each.state === 'done').length >= 3);
    const job = await bench.jobs.cancel(jobId, bench.caller);
    expect(job.state).toBe('cancelled');
    const run = train.get({ runId });
    expect(run.state).toBe('cancelled');
    expect(best(run)).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(best(run).test.auc!.value).toBeGreaterThan(0.8);
    expect(run.findings.map((each) => each.code)).toContain('stopped');
  });

  it('shows a run as cancelled that never left the queue', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const request: TrainRequest = { dataset, target: { kind: 'column', column: 'churn' } };
    const started = [];
    for (let at = 0; at < 3; at++) started.push(await train.start(request, bench.caller));
    for (const { jobId } of started.toReversed()) await bench.jobs.cancel(jobId, bench.caller);
    expect(train.run(started[2]!.runId)).toMatchObject({ state: 'cancelled' });
  });
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 10));
}
