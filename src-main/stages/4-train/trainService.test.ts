import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchDataset } from '../../../test/fixtures/fetch.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { trainingGraph } from '../../../src-shared/domain/trainingGraph.ts';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';
import { run as runSchema, candidate as candidateSchema } from '../../../src-shared/domain/training.ts';
import { liveWorkers } from '../../platform/processHost.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { FeatureService } from '../3-features/api.ts';
import { ModelWork, TrainService, type LabelReader } from './api.ts';
import { TestData } from './testData.ts';

const samples = new URL('../../../resources/samples/', import.meta.url).pathname;

let bench: TestBench;
let data: TestData;
let train: TrainService;
let features: FeatureService;
const labelSets = new Map<string, Awaited<ReturnType<LabelReader['labelsOf']>>>();

beforeEach(async () => {
  bench = await openTestBench();
  data = new TestData(bench);
  ({ train, features } = services(bench, data));
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

function services(on: TestBench, from: TestData): { train: TrainService; features: FeatureService } {
  const labels: LabelReader = { labelsOf: async (name) => labelSets.get(name)! };
  const { db, blobs, jobs, audit, clock, ids, emit, startWorker, folder } = on;
  const made = new FeatureService({ db, audit, clock, emit, data: from.service, inspector: new ModelWork({ blobs, startWorker, labels }) });
  return {
    features: made,
    train: new TrainService({ db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, data: from.service, labels, features: made }),
  };
}

/** What each learner is best known for, and nothing beyond: the same candidates however fast the machine is. */
const short = { search: { method: 'portfolio' as const } };

async function finish(request: TrainRequest): Promise<Result<'train.get'>> {
  const { runId, jobId } = await train.start({ ...short, ...request }, bench.caller);
  const job = await bench.jobs.wait(jobId);
  if (job.state !== 'done') throw Object.assign(new Error(`job ${job.state}`), { job: job.error });
  return train.get({ runId });
}

async function failure(request: TrainRequest): Promise<{ code: string; params: object } | null> {
  const { jobId, runId } = await train.start(request, bench.caller);
  const job = await bench.jobs.wait(jobId);
  expect(job.state).toBe('failed');
  expect(train.run(runId)).toMatchObject({ state: 'failed' });
  return job.error;
}

const best = (run: Result<'train.get'>): Result<'train.get'>['candidates'][number] =>
  run.candidates.find((each) => each.id === run.bestCandidateId)!;

describe('a run', { timeout: 120_000 }, () => {
  it('takes the churn table to models that reach the level of a logistic regression', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'churn' },
      learners: ['baseline', 'linear', 'mlp'],
      timeBudgetMs: 60_000,
    });
    runSchema.parse(run);
    run.candidates.forEach((each) => candidateSchema.parse(each));
    expect(run).toMatchObject({
      state: 'done',
      task: 'binary',
      primaryMetric: 'auc',
      rows: { train: 5634, validation: 5634, test: 1409, dropped: 0 },
    });
    expect(run.spec!.classes).toEqual(['No', 'Yes']);
    expect(new Set(run.candidates.map((each) => each.learner))).toEqual(new Set(['baseline', 'linear', 'mlp', 'ensemble']));
    for (const each of run.candidates) {
      expect(each.state).toBe('done');
      if (each.learner !== 'ensemble')
        expect(each.progress).toMatchObject({ folds: { planned: 5, done: 5 }, origin: { kind: 'portfolio' } });
      expect(each.parity).toBeLessThanOrEqual(1e-6);
      expect(each.predictMs).toBeGreaterThan(0);
      if (each.learner !== 'baseline') expect(each.test.auc!.value).toBeGreaterThan(0.83);
    }
    // scikit-learn 1.7.2, LogisticRegression on the same split and columns: test area 0.8447.
    expect(best(run).test.auc!.value).toBeGreaterThan(0.84);
    expect(run.candidates.find((each) => each.learner === 'mlp')!.curve.length).toBeGreaterThan(3);
    const ensemble = run.candidates.find((each) => each.learner === 'ensemble')!.progress!;
    expect(ensemble.members.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(run.candidates.map(({ id }) => id)).toEqual(expect.arrayContaining(ensemble.members.map(({ candidateId }) => candidateId)));
    expect(run.candidates[0]!.test.auc!.value).toBe(0.5);

    const { columns, prediction, rows } = (await train.reference(best(run).id))!;
    expect(rows).toBe(5634);
    expect(columns).toHaveLength(19);
    for (const each of [...columns, prediction]) expect(each.shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    expect(prediction.values).toEqual(['No', 'Yes', 'other']);
    const relied = train.importance(best(run).id);
    expect(relied[0]).toMatchObject({ column: expect.stringMatching(/tenure|contract|charges/) });
    for (const { drop } of relied) {
      expect(drop.low).toBeLessThanOrEqual(drop.value);
      expect(drop.high).toBeGreaterThanOrEqual(drop.value);
    }
    // As wide as 1,409 rows allow.
    expect(relied[0]!.drop.high! - relied[0]!.drop.low!).toBeGreaterThan(0.02);
    expect((await bench.audit.verify()).ok).toBe(true);
    expect(bench.eventsOf('training').some((event) => event.point !== null)).toBe(true);
    expect(existsSync(join(bench.folder, 'training', run.id))).toBe(false);
    expect(train.list({})[0]).toMatchObject({ id: run.id, best: { id: run.bestCandidateId, curve: [] } });

    const shown = trainingGraph.parse(await train.graph({ candidateId: run.candidates.find((each) => each.learner === 'mlp')!.id }));
    expect(shown.phases.map((each) => each.phase)).toEqual(['1-parse', '2-shapes', '3-differentiate', '4-fuse', '5-emit']);
    const [, typed, , fused, emitted] = shown.phases.map(({ graph }) => graph);
    expect(typed!.text).toMatch(/float32\[N,64\] \S+ = MatMul/);
    expect(fused!.outputs.map((each) => each.name)).toContain('gradient.weight1');
    const loop = emitted!.nodes.find((each) => each.operator === 'Loop')!;
    expect(emitted!.nodes.some((each) => each.parent === loop.id && each.operator === 'Gemm')).toBe(true);
    expect(emitted!.nodes.flatMap((each) => each.outputs).every((each) => each.type !== '')).toBe(true);
    expect(shown.profile.stepMs).toBeGreaterThan(0);
    expect(shown.profile.operators.reduce((sum, each) => sum + each.share, 0)).toBeCloseTo(1, 9);
    expect(shown.profile.operators.find((each) => each.operator === 'Gemm')!.calls).toBeGreaterThanOrEqual(2);
    expect(shown.profile.stateBytes).toBe(2 * shown.profile.weightBytes);
    await expect(train.graph({ candidateId: run.candidates[0]!.id })).rejects.toMatchObject({ code: 'MK_TRAIN_NO_NETWORK' });
  });

  it('gives bit-identical models for the same seed, and others for another', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const request: TrainRequest = {
      dataset,
      target: { kind: 'column', column: 'churn' },
      timeBudgetMs: 600_000,
      learners: ['linear', 'mlp'],
      search: { method: 'tpe', maxCandidates: 9 },
    };
    const hashes = async (seed: number): Promise<(string | null)[]> =>
      (await finish({ ...request, seed })).candidates.map((each) => each.sha256);
    const first = await hashes(7);
    expect(await hashes(7)).toEqual(first);
    expect(await hashes(8)).not.toEqual(first);
  });

  it('goes on after its worker is killed, and ends with the same models', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const request: TrainRequest = {
      dataset,
      target: { kind: 'column', column: 'churn' },
      timeBudgetMs: 600_000,
      learners: ['linear', 'mlp'],
      search: { method: 'tpe', maxCandidates: 10 },
    };
    const undisturbed = await finish(request);
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
    const undisturbed = await finish(request);
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
    ({ train } = services({ ...bench, jobs } as TestBench, data));
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

describe('real data of other kinds', { timeout: 180_000 }, () => {
  it('tells Tang from Song poems by their characters', async () => {
    const dataset = await data.import('poems', join(samples, 'poems/texts'));
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'class' },
      learners: ['linear', 'mlp'],
      timeBudgetMs: 40_000,
      holdout: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.25 },
    });
    expect(run.spec!.rules.find((rule) => rule.kind === 'textNgrams')).toMatchObject({ unit: 'character' });
    expect(best(run).test.auc!.value).toBeGreaterThan(0.6);
    expect(best(run).parity).toBeLessThanOrEqual(1e-6);
  });

  it('knows clothes in pictures', async () => {
    const dataset = await data.import('fashion', join(samples, 'fashion/images'));
    const run = await finish({ dataset, target: { kind: 'column', column: 'class' }, learners: ['linear', 'mlp'], timeBudgetMs: 40_000 });
    expect(run.signature!.inputs).toMatchObject([{ name: 'image', onnxType: 'uint8', shape: [28, 28, 1] }]);
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.85);
    expect(best(run).parity).toBeLessThanOrEqual(1e-6);
  });

  it('predicts the price of diamonds', async () => {
    const { path } = await fetchDataset('diamonds');
    const dataset = await data.import('diamonds', path);
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'price' },
      learners: ['linear', 'boosting'],
      timeBudgetMs: 90_000,
    });
    expect(run).toMatchObject({ task: 'regression', primaryMetric: 'rmse' });
    const linear = run.candidates.find((each) => each.learner === 'linear' && each.sha256 !== null)!;
    // scikit-learn 1.7.2, LinearRegression on one-hot columns: R² 0.92; MLPRegressor((64,)): 0.975.
    expect(linear.test.r2!.value).toBeGreaterThan(0.9);
    expect(best(run).test.r2!.value).toBeGreaterThan(0.96);
    expect(best(run).parity).toBeLessThanOrEqual(1e-5);
  });

  it('learns six kinds of soil, and the past first when asked to', async () => {
    const { path } = await fetchDataset('satellite');
    const dataset = await data.import('satellite', path);
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'classes' },
      learners: ['linear', 'boosting'],
      timeBudgetMs: 90_000,
    });
    expect(run).toMatchObject({ task: 'multiclass', primaryMetric: 'accuracy' });
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.85);
    expect(best(run).test.auc!.value).toBeGreaterThan(0.97);
  });
});

describe('targets from labels', { timeout: 60_000 }, () => {
  const columns: Column[] = [{ name: 'x', type: 'number' }];
  const rows = Array.from({ length: 200 }, (_, row) => [row]);

  it('trains on the labelled rows only', async () => {
    const dataset = await data.rows('numbers', columns, rows);
    const labels = new Map(Array.from({ length: 120 }, (_, at) => [at, at < 60 ? 'low' : 'high'] as const));
    labelSets.set('size', { dataset, classes: ['low', 'high', 'unused'], labels });
    const run = await finish({
      dataset,
      target: { kind: 'labels', labelSet: 'size', version: 1 },
      learners: ['linear'],
      timeBudgetMs: 20_000,
    });
    expect(run.rows).toMatchObject({ dropped: 80 });
    expect(run.spec!.classes.toSorted()).toEqual(['high', 'low']);
    expect(run.signature!.target).toBe('size');
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.9);
  });

  it('refuses labels of another dataset version', async () => {
    const dataset = await data.rows('numbers', columns, rows);
    labelSets.set('size', { dataset: { name: 'numbers', version: 9 }, classes: ['a', 'b'], labels: new Map() });
    await expect(train.start({ dataset, target: { kind: 'labels', labelSet: 'size', version: 1 } }, bench.caller)).rejects.toMatchObject({
      code: 'MK_TRAIN_LABELS_OTHER_DATA',
    });
  });
});

describe('input that cannot be learned from', { timeout: 60_000 }, () => {
  const xy: Column[] = [
    { name: 'x', type: 'number' },
    { name: 'y', type: 'category' },
  ];
  const table = (rows: number, answer: (row: number) => string | null): (string | number | null)[][] =>
    Array.from({ length: rows }, (_, row) => [row, answer(row)]);
  const target = { kind: 'column', column: 'y' } as const;

  it.each([
    ['one class', table(50, () => 'a'), 'MK_FEATURES_TARGET_ONE_CLASS'],
    ['no answer at all', table(50, () => null), 'MK_FEATURES_TARGET_ALL_MISSING'],
    ['too few rows', table(12, (row) => `${row % 2}`), 'MK_TRAIN_TOO_FEW_ROWS'],
    ['a class with one row', table(60, (row) => (row === 7 ? 'rare' : `c${row % 2}`)), 'MK_TRAIN_CLASS_TOO_SMALL'],
    ['10,000 classes', table(10_000, (row) => `id ${row}`), 'MK_FEATURES_TARGET_TOO_MANY_CLASSES'],
  ])('%s is an error with a code', async (_, rows, code) => {
    const dataset = await data.rows('bad', xy, rows);
    expect(await failure({ dataset, target })).toMatchObject({ code });
  });

  it('no usable column, a missing column, a target that is a date', async () => {
    const columns: Column[] = [
      { name: 'constant', type: 'number' },
      { name: 'empty', type: 'number' },
      { name: 'id', type: 'identifier' },
      { name: 'd', type: 'date' },
      { name: 'y', type: 'category' },
    ];
    const rows = Array.from({ length: 40 }, (_, row) => [1, null, `k${row}`, '2024-01-05', `${row % 2}`]);
    const dataset = await data.rows('bad', columns, rows);
    const unusable = { ...(await features.propose({ dataset, target }).catch((error: unknown) => error as { code: string })) };
    expect(unusable).toMatchObject({ code: 'MK_FEATURES_NONE_USABLE' });
    await expect(train.start({ dataset, target: { kind: 'column', column: 'nowhere' } }, bench.caller)).rejects.toMatchObject({
      code: 'MK_FEATURES_COLUMN_MISSING',
    });
    expect(await failure({ dataset, target: { kind: 'column', column: 'd' } })).toMatchObject({ code: 'MK_FEATURES_TARGET_TYPE' });
    const holdout = { kind: 'temporal', timeColumn: 'id', validationFraction: 0.2, testFraction: 0.2 } as const;
    await expect(train.start({ dataset, target, holdout }, bench.caller)).rejects.toMatchObject({ code: 'MK_TRAIN_TIME_COLUMN' });
  });

  it('survives missing and absurd numbers, emoji names and reserved names', async () => {
    const columns: Column[] = [
      { name: 'x 😀', type: 'number' },
      { name: 'huge', type: 'number' },
      { name: 'prediction', type: 'number' },
      { name: 'network_x', type: 'number' },
      { name: 'y', type: 'category' },
    ];
    const odd = [null, 1e38, -1e38];
    const rows = Array.from({ length: 300 }, (_, row) => [
      row % 20 === 0 ? odd[(row / 20) % 3]! : row % 2 === 0 ? 1 + row / 1000 : -1,
      odd[row % 3]!,
      row % 2,
      row,
      row % 2 === 0 ? 'even' : 'odd',
    ]);
    const dataset = await data.rows('odd', columns, rows);
    const run = await finish({ dataset, target, learners: ['baseline', 'linear', 'boosting'], timeBudgetMs: 40_000 });
    expect(run.spec!.rules.find((rule) => rule.column === 'prediction')).toMatchObject({ kind: 'drop', reason: 'reservedName' });
    // One even row in ten shows nothing but absurd numbers.
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.85);
    expect(best(run).parity).toBeLessThanOrEqual(1e-6);
  });

  it('flags a column that knows the answer and leaves it out', async () => {
    const columns: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'closed_reason', type: 'category' },
      { name: 'y', type: 'category' },
    ];
    const rows = Array.from({ length: 400 }, (_, row) => [
      (row * 7919) % 101,
      row % 3 === 0 ? 'left' : 'active',
      row % 3 === 0 ? 'yes' : 'no',
    ]);
    const dataset = await data.rows('leaky', columns, rows);
    const { spec, findings } = await features.propose({ dataset, target });
    expect(findings).toContainEqual({ column: 'closed_reason', code: 'leak', params: { score: 1 } });
    expect(spec.rules).toContainEqual({ column: 'closed_reason', kind: 'drop', reason: 'leak' });
    const insisted = {
      ...spec,
      rules: spec.rules.map((rule) =>
        rule.column === 'closed_reason' ? { column: rule.column, kind: 'oneHot' as const, maxValues: 9, minCount: 1 } : rule,
      ),
    };
    const run = await finish({ dataset, target, spec: insisted, learners: ['linear'], timeBudgetMs: 20_000 });
    expect(run.findings).toContainEqual({ code: 'leak', params: { column: 'closed_reason', score: 1 } });
  });
});

describe('a temporal holdout', { timeout: 60_000 }, () => {
  it('tests on the newest rows and keeps a day whole', async () => {
    const columns: Column[] = [
      { name: 'day', type: 'date' },
      { name: 'x', type: 'number' },
      { name: 'y', type: 'category' },
    ];
    const rows = Array.from({ length: 300 }, (_, row) => [
      `2024-01-${String(30 - Math.floor(row / 10)).padStart(2, '0')}`,
      row % 7,
      row % 7 > 3 ? 'a' : 'b',
    ]);
    const dataset = await data.rows('daily', columns, rows);
    const request: TrainRequest = {
      dataset,
      target: { kind: 'column', column: 'y' },
      learners: ['linear'],
      timeBudgetMs: 20_000,
      holdout: { kind: 'temporal', timeColumn: 'day', validationFraction: 0.15, testFraction: 0.2 },
    };
    const run = await finish(request);
    // 24 days of 10 rows in six blocks of four: what the first block says is judged by nobody.
    expect(run.rows).toEqual({ train: 240, validation: 200, test: 60, dropped: 0 });
    const one = await finish({ ...request, folds: { kind: 'holdout', fraction: 0.2 } });
    expect(one.rows).toEqual({ train: 190, validation: 50, test: 60, dropped: 0 });
  });
});

describe('finished models', { timeout: 120_000 }, () => {
  it('answer a file row by row, and refuse what they cannot read, leaving nothing behind', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'churn' },
      learners: ['linear'],
      timeBudgetMs: 20_000,
      interval: null,
    });
    const sha256 = best(run).sha256!;
    const predict = async (input: string, output: string): Promise<{ state: string; error: unknown; result: unknown }> => {
      const { jobId } = train.startPredict({ sha256, subject: 'churn v1', input, output }, bench.caller);
      return bench.jobs.wait(jobId);
    };
    const output = join(bench.folder, 'answers.csv');
    const csv = join(samples, 'churn/churn.csv');
    expect(await predict(csv, output)).toMatchObject({ state: 'done', result: { rows: 7043, file: 'answers.csv' } });
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(lines[0]).toBe('prediction,probability_No,probability_Yes');
    expect(lines).toHaveLength(7044);

    // The same answers as for the rows of the dataset.
    const scores = await train.score(sha256, dataset);
    const written = lines.slice(1).map((line) => line.split(','));
    expect(written.map(([prediction]) => prediction)).toEqual(scores.prediction);
    expect(written.flatMap((cells) => cells.slice(1).map(Number))).toEqual(
      Array.from(scores.probabilities!, (p) => Number(p.toPrecision(9))),
    );

    const [header, first] = (await readFile(csv, 'utf8')).split('\n') as [string, string];
    const bad = join(bench.folder, 'bad.csv');
    await writeFile(bad, `${header}\n${first}\n${first.replace('29.85,29.85', 'cheap,29.85')}\n`);
    const missing = join(bench.folder, 'missing.csv');
    await writeFile(missing, 'tenure\n1\n');
    const other = join(bench.folder, 'other.csv');
    expect(await predict(bad, other)).toMatchObject({
      state: 'failed',
      error: {
        code: 'MK_PREDICT_CELL',
        params: { file: 'bad.csv', row: 2, column: 'monthly_charges', value: 'cheap', expected: 'number' },
      },
    });
    expect(await predict(missing, other)).toMatchObject({ error: { code: 'MK_PREDICT_COLUMN_MISSING' } });
    expect(await predict(join(bench.folder, 'nowhere.csv'), other)).toMatchObject({ error: { code: 'MK_PREDICT_FILE' } });
    expect(await predict(csv, join(bench.folder, 'nowhere/answers.csv'))).toMatchObject({ error: { code: 'MK_PREDICT_OUTPUT' } });
    expect((await readdir(bench.folder)).filter((name) => name.startsWith('other') || name.endsWith('.tmp'))).toEqual([]);
    const parquet = join(bench.folder, 'answers.parquet');
    expect(await predict(csv, parquet)).toMatchObject({ state: 'done' });
    expect((await readFile(parquet)).subarray(0, 4).toString()).toBe('PAR1');
  });

  it('are compared on test rows that neither has seen', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const request: TrainRequest = {
      dataset,
      target: { kind: 'column', column: 'churn' },
      learners: ['baseline', 'linear'],
      timeBudgetMs: 20_000,
    };
    const [one, two] = [await finish(request), await finish({ ...request, seed: 2 })];
    const side = (run: typeof one, at: number): { sha256: string; runId: string } => ({
      sha256: run.candidates[at]!.sha256!,
      runId: run.id,
    });
    const same = await train.compare(side(one, 0), side(one, 1));
    expect(same).toMatchObject({ rows: 1409, note: 'testRowsOfB' });
    const auc = same.metrics.find((each) => each.metric === 'auc')!;
    expect(auc).toMatchObject({ verdict: 'better', b: one.candidates[1]!.test.auc });
    expect(auc.difference.low).toBeGreaterThan(0);
    expect(same.answersChanged).toBeGreaterThan(100);

    // Two splits: the test rows of the second that the first did not learn from, which are its test rows, a fifth of them.
    const across = await train.compare(side(one, 1), side(two, 1));
    expect(across.note).toBe('testRowsOfB');
    expect(across.rows).toBeGreaterThan(230);
    expect(across.rows).toBeLessThan(340);
    expect(across.metrics.map((each) => each.metric)).toEqual(['accuracy', 'auc', 'f1', 'logLoss']);
    for (const { difference } of across.metrics) expect(Math.abs(difference.value)).toBeLessThan(0.08);

    // The same model as a champion that is to be beaten: on those rows, alone. On the rows of its own run it has its own figures.
    const champion = one.candidates[1]!;
    const judged = await train.judge({ candidateId: champion.id, runId: two.id });
    expect(judged).toMatchObject({ rows: across.rows, note: 'unseenTestRows' });
    expect(judged.metrics.auc!.value).toBeCloseTo(across.metrics.find(({ metric }) => metric === 'auc')!.a.value, 12);
    const own = await train.judge({ candidateId: champion.id, runId: one.id });
    expect(own.metrics.auc).toEqual(champion.test.auc);
    await expect(train.judge({ candidateId: 'nobody', runId: two.id })).rejects.toMatchObject({ code: 'MK_NOT_FOUND' });
    expect(await train.compareCandidates({ a: one.candidates[0]!.id, b: champion.id })).toEqual(same);
  });
});

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 10));
}
