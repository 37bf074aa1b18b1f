// A finished model in 8-bit integers: what is written runs, says nearly the same, and the report is what a second look finds.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quantizationReport } from '../../../src-shared/domain/modelVariant.ts';
import type { Candidate } from '../../../src-shared/domain/training.ts';
import type { TestBench } from '../../testing/testBench.ts';
import { readModel } from '../../compiler/index.ts';
import type { TrainService } from './api.ts';
import { signatureKey } from './exportModel.ts';
import type { TestData } from './testData.ts';
import { TestTraining } from './testTraining.ts';
import { variantKey } from './worker/models/quantizeModel.ts';

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

describe('quantize', { timeout: 400_000 }, () => {
  it('writes a network in int8 that answers alike, tells what it changes, and refuses trees', async () => {
    const lines = (await readFile(churn, 'utf8')).split('\n').slice(0, 1501);
    const fileOf = async (name: string, some: readonly string[]): Promise<string> => {
      const file = join(bench.folder, name);
      await writeFile(file, `${some.join('\n')}\n`);
      return file;
    };
    const dataset = await data.import('churn', await fileOf('churn.csv', lines));
    const { runId, jobId } = await train.start(
      {
        dataset,
        target: { kind: 'column', column: 'churn' },
        learners: ['baseline', 'network', 'boosting'],
        search: { method: 'portfolio', maxCandidates: 3 },
        folds: { kind: 'stratified', folds: 2 },
        ensemble: false,
        timeBudgetMs: 240_000,
      },
      bench.caller,
    );
    const job = await bench.jobs.wait(jobId);
    expect(job.error).toBeNull();
    const { candidates } = train.get({ runId });
    const modelOf = (learner: Candidate['learner']) => {
      const { sha256 } = candidates.find((each) => each.learner === learner)!;
      return { sha256: sha256!, runId };
    };
    const network = modelOf('network');

    const dynamic = await train.quantize(network, { kind: 'dynamic', sample: null });
    quantizationReport.parse(dynamic);
    // Hidden layers of both folds; heads and embeddings are small or batched.
    expect(dynamic.quantized).toBeGreaterThanOrEqual(2);
    expect(dynamic.sizeBytes).toBeLessThan(dynamic.originalBytes);
    const auc = dynamic.metrics.find(({ metric }) => metric === 'auc')!;
    expect(dynamic.rows).toBe(auc.a.rows);
    expect(auc.a.value).toBeCloseTo(candidates.find(({ sha256 }) => sha256 === network.sha256)!.test.auc!.value, 9);
    expect(Math.abs(auc.difference.value)).toBeLessThan(0.01);
    expect(dynamic.largestDifference).toBeGreaterThan(0);
    expect(dynamic.largestDifference).toBeLessThan(0.25);
    expect(dynamic.answersChanged).toBeLessThan(0.03 * dynamic.rows);
    expect(Math.min(dynamic.rowMs, dynamic.originalRowMs)).toBeGreaterThan(0);

    // The written file by itself: the same questions, and the answers that the report counted.
    const [float, int8] = await Promise.all([network.sha256, dynamic.sha256].map((sha256) => train.score(sha256, dataset)));
    expect(int8!.prediction).toHaveLength(1500);
    expect((int8!.prediction as string[]).filter((answer, row) => answer !== float!.prediction[row]).length).toBeLessThan(0.03 * 1500);
    const stored = readModel(await readFile(bench.blobs.path(dynamic.sha256)));
    const original = readModel(await readFile(bench.blobs.path(network.sha256)));
    expect(stored.metadata[signatureKey]).toBe(original.metadata[signatureKey]);
    expect(JSON.parse(stored.metadata[variantKey]!)).toEqual({ of: network.sha256, kind: 'dynamic', sample: null });
    expect(stored.graph.nodes.filter(({ opType }) => opType === 'MatMulInteger')).toHaveLength(dynamic.quantized);
    expect((await train.quantize(network, { kind: 'dynamic', sample: null })).sha256).toBe(dynamic.sha256);

    const onTraining = await train.quantize(network, { kind: 'static', sample: null });
    expect(onTraining).toMatchObject({ kind: 'static', quantized: dynamic.quantized, sample: { file: null, rows: 975 } });
    expect(Math.abs(onTraining.metrics.find(({ metric }) => metric === 'auc')!.difference.value)).toBeLessThan(0.02);
    const file = await fileOf('rows.csv', lines.slice(0, 201));
    const onFile = await train.quantize(network, { kind: 'static', sample: file });
    expect(onFile.sample).toEqual({ file: 'rows.csv', rows: 200 });
    expect(onFile.sha256).not.toBe(onTraining.sha256);

    const refused = (sample: string) => train.quantize(network, { kind: 'static', sample });
    await expect(refused(await fileOf('empty.csv', lines.slice(0, 1)))).rejects.toMatchObject({ code: 'MK_REGISTRY_SAMPLE_EMPTY' });
    const without = lines.slice(0, 9).map((line) => line.split(',').slice(0, 3).join(','));
    await expect(refused(await fileOf('few.csv', without))).rejects.toMatchObject({
      code: 'MK_PREDICT_COLUMN_MISSING',
      params: { file: 'few.csv' },
    });
    await expect(refused(join(bench.folder, 'absent.csv'))).rejects.toMatchObject({ code: 'MK_PREDICT_FILE' });
    await expect(train.quantize(modelOf('boosting'), { kind: 'dynamic', sample: null })).rejects.toMatchObject({
      code: 'MK_REGISTRY_NOTHING_TO_QUANTIZE',
      params: { operators: expect.stringContaining('TreeEnsemble') as unknown },
    });
  });
});
