import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Column } from '../../../src-shared/domain/table.ts';
import { trainingGraph } from '../../../src-shared/domain/trainingGraph.ts';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import { run as runSchema, candidate as candidateSchema } from '../../../src-shared/domain/training.ts';
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
  it('takes the churn table to models that reach the level of a logistic regression', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const run = await training.finish({
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
      (await training.finish({ ...request, seed })).candidates.map((each) => each.sha256);
    const first = await hashes(7);
    expect(await hashes(7)).toEqual(first);
    expect(await hashes(8)).not.toEqual(first);
  });
});

describe('targets from labels', { timeout: 180_000 }, () => {
  const columns: Column[] = [{ name: 'x', type: 'number' }];
  const rows = Array.from({ length: 200 }, (_, row) => [row]);

  it('trains on the labelled rows only', async () => {
    const dataset = await data.rows('numbers', columns, rows);
    const labels = new Map(Array.from({ length: 120 }, (_, at) => [at, at < 60 ? 'low' : 'high'] as const));
    training.labelSets.set('size', { dataset, classes: ['low', 'high', 'unused'], labels });
    const run = await training.finish({
      dataset,
      target: { kind: 'labels', labelSet: 'size', version: 1 },
      learners: ['linear'],
      timeBudgetMs: 60_000,
    });
    expect(run.rows).toMatchObject({ dropped: 80 });
    expect(run.spec!.classes.toSorted()).toEqual(['high', 'low']);
    expect(run.signature!.target).toBe('size');
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.9);
  });

  it('refuses labels of another dataset version', async () => {
    const dataset = await data.rows('numbers', columns, rows);
    training.labelSets.set('size', { dataset: { name: 'numbers', version: 9 }, classes: ['a', 'b'], labels: new Map() });
    await expect(train.start({ dataset, target: { kind: 'labels', labelSet: 'size', version: 1 } }, bench.caller)).rejects.toMatchObject({
      code: 'MK_TRAIN_LABELS_OTHER_DATA',
    });
  });
});

describe('a temporal holdout', { timeout: 180_000 }, () => {
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
      timeBudgetMs: 60_000,
      holdout: { kind: 'temporal', timeColumn: 'day', validationFraction: 0.15, testFraction: 0.2 },
    };
    const run = await training.finish(request);
    // 24 days of 10 rows in six blocks of four: what the first block says is judged by nobody.
    expect(run.rows).toEqual({ train: 240, validation: 200, test: 60, dropped: 0 });
    const one = await training.finish({ ...request, folds: { kind: 'holdout', fraction: 0.2 } });
    expect(one.rows).toEqual({ train: 190, validation: 50, test: 60, dropped: 0 });
  });
});
