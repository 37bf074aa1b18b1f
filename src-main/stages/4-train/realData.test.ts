// Tables, texts and pictures of public data, against what other programs reach on them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { fetchDataset } from '../../../test/fixtures/fetch.ts';
import type { TestData } from './testData.ts';
import { best, TestTraining } from './testTraining.ts';

const samples = new URL('../../../resources/samples/', import.meta.url).pathname;

let training: TestTraining;
let data: TestData;

beforeEach(async () => {
  training = await TestTraining.open();
  ({ data } = training);
});
afterEach(async () => {
  await training[Symbol.asyncDispose]();
});

describe('real data of other kinds', { timeout: 180_000 }, () => {
  it('tells Tang from Song poems by their characters', async () => {
    const dataset = await data.import('poems', join(samples, 'poems/texts'));
    const run = await training.finish({
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
    const run = await training.finish({
      dataset,
      target: { kind: 'column', column: 'class' },
      learners: ['linear', 'mlp'],
      timeBudgetMs: 40_000,
    });
    expect(run.signature!.inputs).toMatchObject([{ name: 'image', onnxType: 'uint8', shape: [28, 28, 1] }]);
    expect(best(run).test.accuracy!.value).toBeGreaterThan(0.85);
    expect(best(run).parity).toBeLessThanOrEqual(1e-6);
  });

  it('predicts the price of diamonds', async () => {
    const { path } = await fetchDataset('diamonds');
    const dataset = await data.import('diamonds', path);
    const run = await training.finish({
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
    const run = await training.finish({
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
