// What the end of a run makes of its candidates: calibrated answers, sets and intervals that keep their promise, a small student.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchDataset } from '../../../test/fixtures/fetch.ts';
import { modelSignature } from '../../../src-shared/domain/features.ts';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import type { TestBench } from '../../testing/testBench.ts';
import { readModel } from '../../compiler/index.ts';
import type { TrainService } from './api.ts';
import { signatureKey } from './exportModel.ts';
import type { TestData } from './testData.ts';
import { TestTraining, type TestRun } from './testTraining.ts';
import { ModelSession } from './worker/models/modelSession.ts';

const churn = new URL('../../../resources/samples/churn/churn.csv', import.meta.url).pathname;

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

function finish(request: TrainRequest): Promise<TestRun> {
  return training.finish({ search: { method: 'portfolio', maxCandidates: 3 }, timeBudgetMs: 60_000, ...request });
}

const paramsOf = (run: TestRun, code: string): Record<string, number | string> | undefined =>
  run.findings.find((each) => each.code === code)?.params;

async function modelOf(run: TestRun, id = run.bestCandidateId): Promise<Buffer> {
  return readFile(bench.blobs.path(run.candidates.find((each) => each.id === id)!.sha256!));
}

describe('the end of a run', { timeout: 180_000 }, () => {
  it('of classes: sets hold the truth as promised, and a small model learns what the ensemble says', async () => {
    const dataset = await data.import('churn', churn);
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'churn' },
      learners: ['baseline', 'linear', 'boosting'],
      metric: 'logLoss',
      distill: true,
    });
    for (const each of run.candidates.filter(({ sha256 }) => sha256)) expect(each.parity).toBeLessThanOrEqual(1e-6);
    const sets = paramsOf(run, 'sets')!;
    expect(sets).toMatchObject({ level: 0.9, rows: 1409 });
    expect(Math.abs(Number(sets['share']) - 0.9)).toBeLessThanOrEqual(0.02);
    expect(sets['size']).toBeGreaterThan(1);
    expect(sets['size']).toBeLessThan(1.6);

    const student = run.candidates.find((each) => each.progress!.origin.kind === 'distilled')!;
    const ensemble = run.candidates.find((each) => each.learner === 'ensemble')!;
    expect(student).toMatchObject({ state: 'done', learner: 'boosting', validation: {} });
    expect(run.bestCandidateId).not.toBe(student.id);
    expect(student.test.auc!.value).toBeGreaterThan(ensemble.test.auc!.value - 0.01);
    expect(paramsOf(run, 'distilled')).toMatchObject({ metric: 'logLoss', rows: 1409, place: run.candidates.indexOf(student) });

    const bytes = await modelOf(run);
    const signature = modelSignature.parse(JSON.parse(readModel(bytes).metadata[signatureKey]!));
    expect(signature).toMatchObject({ coverage: 0.9, outputs: [{ name: 'prediction' }, { name: 'probabilities' }, { name: 'set' }] });
    expect(run.signature).toEqual(signature);
    // One ensemble of trees for all folds.
    const trees = readModel(await modelOf(run, run.candidates.find((each) => each.learner === 'boosting' && each.sha256)!.id));
    expect(trees.graph.nodes.filter(({ opType }) => opType.startsWith('TreeEnsemble'))).toHaveLength(1);
  });

  it('of numbers: intervals hold the truth as promised, at the level asked for, in the answers to a file too', async () => {
    const { path } = await fetchDataset('diamonds');
    const dataset = await data.import('diamonds', path);
    const run = await finish({
      dataset,
      target: { kind: 'column', column: 'price' },
      learners: ['baseline', 'linear', 'boosting'],
      interval: { level: 0.8 },
      folds: { kind: 'stratified', folds: 2 },
    });
    const intervals = paramsOf(run, 'intervals')!;
    expect(Math.abs(Number(intervals['share']) - 0.8)).toBeLessThanOrEqual(0.02);
    const session = await ModelSession.open(await modelOf(run));
    expect(session.signature.outputs.map(({ name }) => name)).toEqual(['prediction', 'lower', 'upper']);
    await session.release();

    const output = join(bench.folder, 'prices.csv');
    const { jobId } = train.startPredict(
      { sha256: run.candidates.find((each) => each.id === run.bestCandidateId)!.sha256!, subject: 'diamonds v1', input: path, output },
      bench.caller,
    );
    expect((await bench.jobs.wait(jobId)).state).toBe('done');
    const [header, ...lines] = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(header).toBe('prediction,lower,upper');
    for (const [prediction, lower, upper] of lines.map((line) => line.split(',').map(Number))) {
      expect(lower).toBeLessThan(prediction!);
      expect(upper).toBeGreaterThan(prediction!);
    }
  });

  it('gives the same bytes for the same request and seed, the student too', async () => {
    const dataset = await data.import('churn', churn);
    const hashes = async (): Promise<(string | null)[]> => {
      const run = await finish({
        dataset,
        target: { kind: 'column', column: 'churn' },
        learners: ['baseline', 'boosting'],
        folds: { kind: 'stratified', folds: 2 },
        distill: true,
        timeBudgetMs: 40_000,
      });
      return run.candidates.map((each) => each.sha256);
    };
    const first = await hashes();
    expect(first.filter(Boolean).length).toBeGreaterThanOrEqual(4);
    expect(await hashes()).toEqual(first);
  });

  it('makes neither where it is not wanted', async () => {
    const dataset = await data.import('churn', churn);
    const run = await finish({ dataset, target: { kind: 'column', column: 'churn' }, learners: ['baseline', 'linear'], interval: null });
    expect(run.signature!.outputs.map(({ name }) => name)).toEqual(['prediction', 'probabilities']);
    expect(run.signature).not.toHaveProperty('coverage');
    expect(paramsOf(run, 'sets')).toBeUndefined();
    expect(run.candidates.some((each) => each.progress!.origin.kind === 'distilled')).toBe(false);
  });
});
