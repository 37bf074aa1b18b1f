// Models of finished runs over files and other rows.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
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

describe('finished models', { timeout: 300_000 }, () => {
  it('answer a file row by row, and refuse what they cannot read, leaving nothing behind', async () => {
    const dataset = await data.import('churn', join(samples, 'churn/churn.csv'));
    const run = await training.finish({
      dataset,
      target: { kind: 'column', column: 'churn' },
      learners: ['linear'],
      timeBudgetMs: 60_000,
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
      timeBudgetMs: 60_000,
    };
    const [one, two] = [await training.finish(request), await training.finish({ ...request, seed: 2 })];
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
