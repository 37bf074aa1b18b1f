// Judging and explaining finished candidates, through the worker, as a person asks.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { evaluation as evaluationSchema } from '../../../src-shared/domain/evaluation.ts';
import { metricsOf, type Learner } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { FeatureService } from '../3-features/api.ts';
import { ModelWork, TrainService, type LabelReader } from './api.ts';
import { TestData } from './testData.ts';

const samples = new URL('../../../resources/samples/', import.meta.url).pathname;

let bench: TestBench;
let train: TrainService;
let run: Result<'train.get'>;
let prices: Result<'train.get'>;
let trees: { churn: Result<'train.get'>; prices: Result<'train.get'> };

beforeAll(async () => {
  bench = await openTestBench();
  const data = new TestData(bench);
  const labels: LabelReader = { labelsOf: () => Promise.reject(new Error('there are none')) };
  const { db, blobs, jobs, audit, clock, ids, emit, startWorker, folder } = bench;
  const inspector = new ModelWork({ blobs, startWorker, labels });
  const features = new FeatureService({ db, audit, clock, emit, data: data.service, inspector });
  train = new TrainService({ db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, data: data.service, labels, features });
  const finish = async (
    dataset: { name: string; version: number },
    column: string,
    learners: Learner[] = ['baseline', 'linear'],
  ): Promise<Result<'train.get'>> => {
    const { runId, jobId } = await train.start(
      {
        dataset,
        target: { kind: 'column', column },
        learners,
        search: { method: 'portfolio', maxCandidates: 2 },
        ensemble: false,
      },
      bench.caller,
    );
    expect(await jobs.wait(jobId)).toMatchObject({ state: 'done', error: null });
    return train.get({ runId });
  };
  run = await finish(await data.import('churn', join(samples, 'churn/churn.csv')), 'churn');
  const rows = Array.from({ length: 600 }, (_, row) => {
    const [area, age] = [40 + ((row * 37) % 160), (row * 13) % 60];
    return [area, age, row % 3 === 0 ? 'north' : 'south', 3000 * area - 500 * age + (row % 3 === 0 ? 20_000 : 0) + ((row * 7919) % 1000)];
  });
  const columns = [
    { name: 'area', type: 'number' as const },
    { name: 'age', type: 'number' as const },
    { name: 'side', type: 'category' as const },
    { name: 'price', type: 'number' as const },
  ];
  const homes = await data.rows('homes', columns, rows);
  prices = await finish(homes, 'price');
  trees = { churn: await finish({ name: 'churn', version: 1 }, 'churn', ['boosting']), prices: await finish(homes, 'price', ['boosting']) };
}, 300_000);
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

const of = (from: Result<'train.get'>, learner: string): Result<'train.get'>['candidates'][number] =>
  from.candidates.find((each) => each.learner === learner && each.sha256 !== null)!;

describe('an evaluation', { timeout: 120_000 }, () => {
  it('of two classes agrees with what the run found, and holds everything a person asks for', async () => {
    const linear = of(run, 'linear');
    const found = evaluationSchema.parse(await train.evaluation({ candidateId: linear.id }));
    expect(found.rows).toBe(run.rows!.test);
    for (const name of ['accuracy', 'auc', 'f1', 'logLoss'] as const)
      expect(found.metrics[name]!.value).toBeCloseTo(linear.test[name]!.value, 12);
    expect(Object.keys(found.metrics).sort()).toEqual(
      metricsOf('binary')
        .filter((name) => name !== 'top3Accuracy')
        .sort(),
    );
    expect(found.curves).toHaveLength(1);
    expect(found.curves[0]!.area.value).toBeCloseTo(linear.test.auc!.value, 12);
    expect(found.confusion!.flat().reduce((sum, each) => sum + each, 0)).toBe(found.rows);
    expect(found.slices.slices[0]).toMatchObject({ verdict: 'worse' });
    expect(found.hardestRows[0]!.truth).not.toBe(found.hardestRows[0]!.answer);
  });

  it('is made once and then read', async () => {
    const { id } = of(run, 'linear');
    const [first, second] = [await train.evaluation({ candidateId: id }), await train.evaluation({ candidateId: id })];
    expect(second).toEqual(JSON.parse(JSON.stringify(first)));
    const kept = bench.db.prepare('SELECT count(*) AS n FROM evaluations WHERE candidate_id = ?').get(id);
    expect(kept).toEqual({ n: 1 });
  });

  it('of numbers has residuals, and slices by mean error', async () => {
    const found = evaluationSchema.parse(await train.evaluation({ candidateId: of(prices, 'linear').id }));
    expect(found.curves).toEqual([]);
    expect(found.residuals!.histogram.counts.reduce((sum, each) => sum + each, 0)).toBe(found.rows);
    expect(found.metrics.r2!.value).toBeGreaterThan(0.99);
    expect(found.slices).toMatchObject({ loss: 'mae', shown: 'mae' });
  });

  it('advises a threshold that costs no more than the model’s own answer', async () => {
    const costs = { truePositive: 5, falsePositive: 5, falseNegative: 100, trueNegative: 0 };
    const advice = await train.threshold({ candidateId: of(run, 'linear').id, costs });
    expect(advice.class).toBe('Yes');
    expect(advice.threshold).toBeLessThan(0.3);
    expect(advice.cost.value).toBeLessThan(advice.asIs);
    await expect(train.threshold({ candidateId: of(prices, 'linear').id, costs })).rejects.toMatchObject({ code: 'MK_EXPLAIN_CLASS' });
  });
});

describe('reasons', { timeout: 120_000 }, () => {
  const sum = ({ base, reasons }: Result<'train.explainRow'>): number => base + reasons.reduce((all, { effect }) => all + effect, 0);

  it('of classes sum to the answer, on the scale of log odds and on that of probabilities', async () => {
    const asked = { candidateId: of(run, 'linear').id, choice: { row: 11 } };
    const exact = await train.explainRow({ ...asked, scale: 'logOdds' });
    const sampled = await train.explainRow({ ...asked, scale: 'answer' });
    // Additive unless an isotonic curve stands behind the linear model.
    expect(['additive', 'sampled']).toContain(exact.method);
    expect(sampled.method).toBe('sampled');
    expect(sum(exact)).toBeCloseTo(exact.value, 9);
    expect(sum(sampled)).toBeCloseTo(sampled.value, 9);
    expect(sampled.value).toBeCloseTo(1 / (1 + Math.exp(-exact.value)), 6);
    expect(sampled.reasons[0]!.error).toBeLessThan(0.05);
    expect(sampled.truth).toMatch(/Yes|No/);
  });

  it('of a number are in its units, and those of a row that is typed in are explained alike', async () => {
    const asked = { candidateId: of(prices, 'linear').id, scale: 'answer' as const };
    const typed = await train.explainRow({ ...asked, choice: { cells: { area: 190, age: 1, side: 'north' } } });
    expect(typed.method).toBe('additive');
    expect(typed.reasons[0]).toMatchObject({ column: 'area', cell: 190 });
    expect(typed.reasons[0]!.effect).toBeGreaterThan(100_000);
    expect(sum(typed)).toBeCloseTo(typed.value, 3);
  });

  it('of boosted trees are exact: of a number in its units, of classes on the scale of log odds', async () => {
    const ofPrice = await train.explainRow({ candidateId: of(trees.prices, 'boosting').id, choice: { row: 5 }, scale: 'answer' });
    expect(ofPrice.method).toBe('tree');
    expect(sum(ofPrice)).toBeCloseTo(ofPrice.value, 3);
    expect(ofPrice.reasons[0]!.column).toBe('area');
    const asked = { candidateId: of(trees.churn, 'boosting').id, choice: { row: 11 } };
    const ofChurn = await train.explainRow({ ...asked, scale: 'logOdds' });
    expect(ofChurn.method).toBe('tree');
    expect(sum(ofChurn)).toBeCloseTo(ofChurn.value, 9);
    const other = await train.explainRow({ ...asked, scale: 'logOdds', class: 'No' });
    expect(other.reasons[0]!.effect).toBeCloseTo(-ofChurn.reasons[0]!.effect, 9);
    expect(await train.explainRow({ ...asked, scale: 'answer' })).toMatchObject({ method: 'sampled' });
  });

  it('refuse what is not there, by name', async () => {
    const candidateId = of(run, 'linear').id;
    const ask = (choice: Parameters<TrainService['explainRow']>[0]['choice']): Promise<unknown> =>
      train.explainRow({ candidateId, choice, scale: 'answer' });
    await expect(ask({ row: 10_000_000 })).rejects.toMatchObject({ code: 'MK_EXPLAIN_ROW' });
    await expect(ask({ cells: { nothing: 1 } })).rejects.toMatchObject({ code: 'MK_EXPLAIN_COLUMN' });
    await expect(ask({ cells: { tenure: 'long' } })).rejects.toMatchObject({ code: 'MK_EXPLAIN_CELL', params: { column: 'tenure' } });
    await expect(train.effect({ candidateId, column: 'nothing' })).rejects.toMatchObject({ code: 'MK_EXPLAIN_COLUMN' });
    const waiting = run.candidates.find(({ sha256 }) => sha256 === null);
    if (waiting) await expect(train.evaluation({ candidateId: waiting.id })).rejects.toMatchObject({ code: 'MK_TRAIN_NO_MODEL' });
  });
});

describe('effects and counterfactuals', { timeout: 120_000 }, () => {
  it('show the slope of a number and the order of values', async () => {
    const candidateId = of(prices, 'linear').id;
    const area = await train.effect({ candidateId, column: 'area' });
    const slope = (area.mean.at(-1)!.value - area.mean[0]!.value) / ((area.grid.at(-1) as number) - (area.grid[0] as number));
    expect(slope / 3000).toBeCloseTo(1, 1);
    expect(area.accumulated!.at(-1)! - area.accumulated![0]!).toBeCloseTo(area.mean.at(-1)!.value - area.mean[0]!.value, -3);
    const side = await train.effect({ candidateId, column: 'side' });
    const at = (value: string): number => side.mean[side.grid.indexOf(value)]!.value;
    expect(at('north') - at('south')).toBeGreaterThan(15_000);
  });

  it('turn a churner’s answer within limits', async () => {
    const candidateId = of(run, 'linear').id;
    const cells = { tenure: 1, contract: 'Month-to-month', internet_service: 'Fiber optic', monthly_charges: 95, total_charges: 95 };
    const first = await train.explainRow({ candidateId, choice: { cells }, scale: 'answer' });
    const { found, from, wanted } = await train.counterfactual({ candidateId, choice: { cells }, mostChanges: 3 });
    expect(from).toBeCloseTo(first.value, 6);
    expect(wanted).toEqual(from >= 0.5 ? { min: null, max: 0.5 } : { min: 0.5, max: null });
    expect(found.length).toBeGreaterThan(0);
    for (const { value } of found) expect(value >= 0.5).toBe(from < 0.5);
    const limited = await train.counterfactual({
      candidateId,
      choice: { cells },
      mostChanges: 2,
      limits: [{ column: 'contract', values: ['Two year'] }],
    });
    for (const { changes } of limited.found) expect(changes).toEqual([{ column: 'contract', from: 'Month-to-month', to: 'Two year' }]);
  });
});
