// Runs whose answer is more than one cell: several labels a row, and an order within groups.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelSignature } from '../../../src-shared/domain/features.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import { counterRandom } from '../../platform/random.ts';
import type { TestBench } from '../../testing/testBench.ts';
import { readModel } from '../../compiler/index.ts';
import type { FeatureService } from '../3-features/api.ts';
import type { TrainService } from './api.ts';
import { signatureKey } from './exportModel.ts';
import type { TestCell, TestData } from './testData.ts';
import { TestTraining, type TestRun } from './testTraining.ts';

let training: TestTraining;
let bench: TestBench;
let data: TestData;
let train: TrainService;
let features: FeatureService;

beforeEach(async () => {
  training = await TestTraining.open();
  ({ bench, data, train, features } = training);
});
afterEach(async () => {
  await training[Symbol.asyncDispose]();
});

function finish(request: TrainRequest): Promise<TestRun> {
  return training.finish({
    search: { method: 'portfolio', maxCandidates: 3 },
    folds: { kind: 'stratified', folds: 2 },
    timeBudgetMs: 60_000,
    ...request,
  });
}

/** The code of the error that the job ends with, or that asking for it ends with. */
async function refusal(request: TrainRequest): Promise<{ code: string; params?: unknown }> {
  try {
    const { jobId } = await train.start({ learners: ['baseline'], ...request }, bench.caller);
    const { error } = await bench.jobs.wait(jobId);
    return error as { code: string };
  } catch (error) {
    return error as { code: string };
  }
}

const sha256Of = (run: TestRun, id = run.bestCandidateId): string => run.candidates.find((each) => each.id === id)!.sha256!;

async function predicted(run: TestRun, lines: string[], name: string): Promise<string[]> {
  const [input, output] = [join(bench.folder, `${name}-in.csv`), join(bench.folder, name)];
  await writeFile(input, `${lines.join('\n')}\n`);
  const { jobId } = train.startPredict({ sha256: sha256Of(run), subject: 'm v1', input, output }, bench.caller);
  expect((await bench.jobs.wait(jobId)).state).toBe('done');
  return (await readFile(output, 'utf8')).trimEnd().split('\n');
}

const number = (name: string): Column => ({ name, type: 'number' });
const category = (name: string): Column => ({ name, type: 'category' });

/** Topics that depend on two numbers and a source; some rows have none. */
function articles(rows: number): { cells: [number, number, string]; topics: string[] }[] {
  const random = counterRandom(5);
  return Array.from({ length: rows }, () => {
    const [length, links] = [random.normal(), random.normal()];
    const source = ['wire', 'blog', 'forum'][random.integer(3)]!;
    const topics = [
      ...(length + 0.5 * random.normal() > 0.6 ? ['economy'] : []),
      ...(links - length + 0.5 * random.normal() > 0.3 ? ['sports, live'] : []),
      ...(source === 'blog' && random.next() < 0.7 ? ['travel'] : []),
    ];
    return { cells: [length, links, source], topics };
  });
}
const topics = ['economy', 'sports, live', 'travel'];

async function flagged(name: string, rows: number, change: (cells: TestCell[], row: number) => void = () => {}): Promise<VersionRef> {
  const columns: Column[] = [
    number('length'),
    number('links'),
    category('source'),
    ...topics.map((topic): Column => ({ name: topic, type: 'integer' })),
  ];
  const table = articles(rows).map(({ cells, topics: own }, row) => {
    const all: TestCell[] = [...cells, ...topics.map((topic) => Number(own.includes(topic)))];
    change(all, row);
    return all;
  });
  return data.rows(name, columns, table);
}

describe('several labels a row', { timeout: 180_000 }, () => {
  it('are learned from columns of 0 and 1, judged label by label, calibrated, and answered as they were trained', async () => {
    const dataset = await flagged('articles', 900, (cells, row) => {
      if (row < 5) cells[3] = null;
    });
    const run = await finish({ dataset, target: { kind: 'flags', columns: topics }, learners: ['baseline', 'linear', 'boosting'] });
    expect(run).toMatchObject({ task: 'multilabel', primaryMetric: 'averagePrecision', state: 'done', rows: { dropped: 5 } });
    expect(run.spec!.classes).toEqual(topics);
    expect(run.spec!.rules.filter(({ kind }) => kind === 'drop').map(({ column }) => column)).toEqual(topics);
    expect(run.findings).toContainEqual({ code: 'multilabelTarget', params: expect.objectContaining({ labels: 3, rows: 895 }) });
    const made = run.candidates.filter(({ sha256 }) => sha256);
    expect(made.map(({ learner }) => learner)).toEqual(expect.arrayContaining(['baseline', 'linear', 'boosting']));
    for (const { parity } of made) expect(parity).toBeLessThanOrEqual(1e-6);
    const best = run.candidates.find(({ id }) => id === run.bestCandidateId)!;
    const { averagePrecision, hammingLoss, subsetAccuracy, f1Micro, f1Macro, aucMicro, logLoss } = best.test;
    expect(averagePrecision!.value).toBeGreaterThan(0.8);
    expect(aucMicro!.value).toBeGreaterThan(0.9);
    for (const each of [hammingLoss, subsetAccuracy, f1Micro, f1Macro, logLoss]) expect(each!.low!).toBeLessThan(each!.high!);
    expect(best.test.averagePrecision!.value).toBeGreaterThan(
      run.candidates.find(({ learner }) => learner === 'baseline')!.test.averagePrecision!.value + 0.2,
    );
    expect(train.importance(best.id).find(({ column }) => column === 'length')!.drop.value).toBeGreaterThan(0.05);

    const bytes = await readFile(bench.blobs.path(best.sha256!));
    expect(modelSignature.parse(JSON.parse(readModel(bytes).metadata[signatureKey]!))).toMatchObject({
      task: 'multilabel',
      classes: topics,
      target: topics.join(', '),
      outputs: [
        { name: 'prediction', onnxType: 'bool', shape: [3] },
        { name: 'probabilities', onnxType: 'float32', shape: [3] },
      ],
    });

    const lines = await predicted(run, ['length,links,source', '2.5,-1,wire', '-2,2.5,blog', '-1,-2,wire'], 'answers.csv');
    expect(lines[0]).toBe('prediction,probability_economy,"probability_sports, live",probability_travel');
    expect(lines[1]).toMatch(/^"\[""economy""\]",0\.\d+,/);
    expect(lines[2]).toMatch(/^"\[""sports, live"",""travel""\]",/);
    expect(lines[3]).toMatch(/^\[\],/);
  });

  it('look the same from cells with a separator, and rare labels are said and left out', async () => {
    const rows = articles(600).map(({ cells, topics: own }, row): TestCell[] => [
      ...cells,
      row === 7 ? null : [...own, ...(row < 3 ? ['rare'] : [])].join(' | ') || '|',
    ]);
    const dataset = await data.rows('cells', [number('length'), number('links'), category('source'), category('topics')], rows);
    const target = { kind: 'delimited' as const, column: 'topics', separator: '|' };
    const proposal = await features.propose({ dataset, target });
    expect(proposal.spec).toMatchObject({ task: 'multilabel', classes: topics });
    expect(proposal.problem.kind).toBe('multilabel');
    expect(proposal.findings).toContainEqual({ column: 'topics', code: 'rareLabels', params: { labels: 1, needed: 5 } });
    const run = await finish({ dataset, target, learners: ['linear', 'nearest'] });
    // One empty cell is no answer; cells of separators alone are: no label.
    expect(run.rows!.dropped).toBe(1);
    const best = run.candidates.find(({ id }) => id === run.bestCandidateId)!;
    expect(best.test.averagePrecision!.value).toBeGreaterThan(0.75);
    const evaluation = await train.evaluation({ candidateId: best.id });
    expect(evaluation).toMatchObject({ task: 'multilabel', classes: topics, confusion: null, residuals: null });
    expect(evaluation.curves.map((each) => each.class)).toEqual(topics);
    expect(evaluation.slices).toMatchObject({ loss: 'logLoss', shown: 'subsetAccuracy' });
    expect(evaluation.hardestRows).toHaveLength(20);
    const reasons = await train.explainRow({
      candidateId: best.id,
      choice: { row: evaluation.hardestRows[0]!.row },
      class: 'travel',
      scale: 'logOdds',
    });
    expect(reasons.reasons.reduce((sum, { effect }) => sum + effect, reasons.base)).toBeCloseTo(reasons.value, 4);
    expect(reasons.truth).toBe(evaluation.hardestRows[0]!.truth);
    expect(
      await train.threshold({
        candidateId: best.id,
        class: 'travel',
        costs: { falsePositive: 1, falseNegative: 5, truePositive: 0, trueNegative: 0 },
      }),
    ).toBeDefined();
  });

  it('give equal bytes for equal requests', async () => {
    const dataset = await flagged('twice', 300);
    const request: TrainRequest = { dataset, target: { kind: 'flags', columns: topics }, learners: ['linear', 'boosting'], seed: 4 };
    const [first, second] = [await finish(request), await finish(request)];
    expect(first.candidates.map(({ sha256 }) => sha256)).toEqual(second.candidates.map(({ sha256 }) => sha256));
  });

  it('are refused with the name of what is wrong', async () => {
    const bad = await flagged('bad', 60, (cells, row) => {
      if (row === 41) cells[4] = 2;
    });
    const target = { kind: 'flags' as const, columns: topics };
    expect(await refusal({ dataset: bad, target })).toMatchObject({
      code: 'MK_FEATURES_LABEL_VALUE',
      params: { column: 'sports, live', row: 41, value: '2' },
    });
    const constant = await flagged('constant', 60, (cells) => (cells[5] = 0));
    expect(await refusal({ dataset: constant, target })).toMatchObject({
      code: 'MK_FEATURES_LABEL_CONSTANT',
      params: { label: 'travel', value: 0 },
    });
    const scarce = await flagged('scarce', 60, (cells, row) => (cells[5] = Number(row < 2)));
    expect(await refusal({ dataset: scarce, target })).toMatchObject({
      code: 'MK_TRAIN_LABEL_TOO_SMALL',
      params: { label: 'travel', rows: 2 },
    });
    expect(await refusal({ dataset: scarce, target: { kind: 'flags', columns: ['economy', 'gone'] } })).toMatchObject({
      code: 'MK_FEATURES_COLUMN_MISSING',
      params: { column: 'gone' },
    });
    expect(await refusal({ dataset: scarce, target, distill: true })).toMatchObject({ code: 'MK_TRAIN_DISTILL_LABELS' });
    const { spec } = await features.propose({ dataset: scarce, target: { kind: 'column', column: 'economy' } });
    expect(await refusal({ dataset: scarce, target, spec })).toMatchObject({ code: 'MK_FEATURES_SPEC_TASK' });
    expect(await refusal({ dataset: scarce, target, objective: { kind: 'absolute' } })).toMatchObject({ code: 'MK_TRAIN_OBJECTIVE_TASK' });
    const empty = await data.rows(
      'empty',
      [number('x'), category('tags')],
      Array.from({ length: 50 }, (_, row): TestCell[] => [row, ';']),
    );
    expect(await refusal({ dataset: empty, target: { kind: 'delimited', column: 'tags', separator: ';' } })).toMatchObject({
      code: 'MK_FEATURES_LABELS_TOO_FEW',
      params: { column: 'tags', separator: ';', found: 0 },
    });
  });
});

/** Twelve offers a query, on average; how relevant one is depends on two numbers of its own, not on how they are scaled. */
function offers(queries: number, change: (cells: TestCell[], row: number) => void = () => {}): TestCell[][] {
  const random = counterRandom(8);
  const rows: TestCell[][] = [];
  for (let query = 0; query < queries; query++) {
    const taste = random.normal();
    for (let offer = 0; offer < 6 + random.integer(13); offer++) {
      const [match, price] = [random.normal(), random.normal()];
      const worth = 1.5 * match - price + 0.6 * random.normal();
      const cells: TestCell[] = [`q${query}`, match, price, taste, worth > 2.2 ? 3 : worth > 1.2 ? 2 : worth > 0.2 ? 1 : 0];
      change(cells, rows.length);
      rows.push(cells);
    }
  }
  // A search engine's log is not sorted by query.
  return random.shuffle(rows);
}
const offerColumns: Column[] = [category('query'), number('match'), number('price'), number('taste'), { name: 'grade', type: 'integer' }];
const rankingTarget = { kind: 'ranking' as const, column: 'grade', group: 'query' };

describe('an order within groups', { timeout: 180_000 }, () => {
  it('is learned and judged with whole groups, and answered with scores', async () => {
    const rows = [...offers(60), ['lonely', 0, 0, 0, 2], [null, 1, 1, 1, 1]];
    const dataset = await data.rows('offers', offerColumns, rows);
    const run = await finish({
      dataset,
      target: rankingTarget,
      learners: ['baseline', 'linear', 'boosting'],
      search: { method: 'portfolio', maxCandidates: 4 },
      folds: { kind: 'stratified', folds: 3 },
      distill: true,
    });
    expect(run).toMatchObject({ task: 'ranking', primaryMetric: 'ndcg10', state: 'done', rows: { dropped: 2 } });
    expect(run.request.holdout).toMatchObject({ kind: 'group', groupColumn: 'query' });
    expect(run.spec!.classes).toEqual([]);
    expect(run.spec!.rules).toContainEqual({ column: 'query', kind: 'drop', reason: 'group' });
    expect(run.findings).toContainEqual({
      code: 'rankingGroups',
      params: expect.objectContaining({ column: 'query', groups: 60, grades: 4 }),
    });
    expect(run.findings).toContainEqual({ code: 'aloneInGroup', params: { column: 'query', rows: 2 } });
    const made = run.candidates.filter(({ sha256 }) => sha256);
    expect(made.map(({ learner }) => learner)).toEqual(expect.arrayContaining(['baseline', 'linear', 'boosting']));
    for (const { parity } of made) expect(parity).toBeLessThanOrEqual(1e-6);
    const best = run.candidates.find(({ id }) => id === run.bestCandidateId)!;
    const baseline = run.candidates.find(({ learner }) => learner === 'baseline')!;
    for (const metric of ['ndcg10', 'ndcg5', 'meanAveragePrecision', 'meanReciprocalRank'] as const) {
      expect(best.test[metric]!.value, metric).toBeGreaterThan(baseline.test[metric]!.value + 0.1);
    }
    expect(best.test.ndcg10!.low!).toBeLessThan(best.test.ndcg10!.value);
    expect(best.test.ndcg10!.value).toBeGreaterThan(0.85);
    expect(run.candidates.find(({ progress }) => progress?.origin.kind === 'distilled')!.test.ndcg10!.value).toBeGreaterThan(0.8);
    expect(train.importance(best.id)[0]).toMatchObject({ column: 'match' });
    expect(run.signature).toMatchObject({
      task: 'ranking',
      classes: [],
      outputs: [{ name: 'prediction', onnxType: 'float32', shape: [1] }],
    });

    const [header, ...scores] = await predicted(run, ['match,price,taste', '2,-1,0', '0,0,0', '-2,1,0'], 'scores.csv');
    expect(header).toBe('prediction');
    const [first, second, third] = scores.map(Number);
    expect(first).toBeGreaterThan(second!);
    expect(second).toBeGreaterThan(third!);

    const evaluation = await train.evaluation({ candidateId: best.id });
    expect(evaluation).toMatchObject({
      task: 'ranking',
      curves: [],
      residuals: null,
      slices: { tried: 0, shown: 'ndcg10' },
    });
    // One row of every test group that has anything relevant, worst group first.
    const { hardestRows } = evaluation;
    expect(hardestRows.length).toBeGreaterThan(5);
    expect(hardestRows.map(({ loss }) => loss)).toEqual(hardestRows.map(({ loss }) => loss).toSorted((a, b) => b - a));
    expect(evaluation.metrics.ndcg10!.value).toBeCloseTo(best.test.ndcg10!.value, 6);
    const effect = await train.effect({ candidateId: best.id, column: 'match' });
    expect(effect.column).toBe('match');
    const others = made.filter(({ id }) => id !== best.id);
    const comparison = await train.compare({ sha256: others[0]!.sha256!, runId: run.id }, { sha256: best.sha256!, runId: run.id });
    expect(comparison.metrics.find(({ metric }) => metric === 'ndcg10')).toBeDefined();
  });

  it('is refused with the name of what is wrong', async () => {
    const negative = await data.rows(
      'negative',
      offerColumns,
      offers(10, (cells, row) => row === 3 && (cells[4] = -1)),
    );
    expect(await refusal({ dataset: negative, target: rankingTarget })).toMatchObject({
      code: 'MK_FEATURES_RELEVANCE',
      params: { column: 'grade', value: '-1' },
    });
    const single = await data.rows(
      'single',
      offerColumns,
      offers(10, (cells, row) => (cells[0] = `s${row}`)),
    );
    expect(await refusal({ dataset: single, target: rankingTarget })).toMatchObject({
      code: 'MK_FEATURES_GROUPS_SINGLE',
      params: { column: 'query' },
    });
    const plain = await data.rows('plain', offerColumns, offers(20));
    expect(await refusal({ dataset: plain, target: { ...rankingTarget, group: 'nowhere' } })).toMatchObject({
      code: 'MK_FEATURES_COLUMN_MISSING',
      params: { column: 'nowhere' },
    });
    expect(await refusal({ dataset: plain, target: { ...rankingTarget, column: 'query' } })).toMatchObject({
      code: 'MK_FEATURES_RELEVANCE',
    });
    const temporal = { kind: 'temporal' as const, timeColumn: 'match', validationFraction: 0.2, testFraction: 0.2 };
    expect(await refusal({ dataset: plain, target: rankingTarget, holdout: temporal })).toMatchObject({
      code: 'MK_TRAIN_GROUP_SPLIT',
      params: { column: 'query' },
    });
    const few = await data.rows(
      'few',
      offerColumns,
      offers(6, (cells, row) => (cells[0] = `q${row % 2}`)),
    );
    expect(await refusal({ dataset: few, target: rankingTarget })).toMatchObject({ code: 'MK_TRAIN_TOO_FEW_GROUPS', params: { found: 2 } });
    expect(await refusal({ dataset: plain, target: rankingTarget, objective: { kind: 'poisson' } })).toMatchObject({
      code: 'MK_TRAIN_OBJECTIVE_TASK',
    });
    expect(await refusal({ dataset: plain, target: rankingTarget, metric: 'rmse' })).toMatchObject({ code: 'MK_TRAIN_METRIC' });
  });
});
