// What a run makes of the kind of its problem, and of bad input: over real imports, through the service.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';
import { counterRandom } from '../../platform/random.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { FeatureService, type Proposal } from '../3-features/api.ts';
import { ModelWork, TrainService } from './api.ts';
import { TestData, type TestCell } from './testData.ts';

let bench: TestBench;
let data: TestData;
let train: TrainService;
let features: FeatureService;

beforeEach(async () => {
  bench = await openTestBench();
  data = new TestData(bench);
  const labels = { labelsOf: () => Promise.reject(new Error('no labels here')) };
  const { db, blobs, jobs, audit, clock, ids, emit, startWorker, folder } = bench;
  const common = { db, audit, clock, emit, data: data.service };
  features = new FeatureService({ ...common, inspector: new ModelWork({ blobs, startWorker, labels }) });
  train = new TrainService({ ...common, blobs, jobs, ids, startWorker, folder, labels, features });
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const noise = (row: number, stream = 1): number => counterRandom(stream, row).next();
const y = { kind: 'column', column: 'y' } as const;
type Run = Result<'train.get'>;
type Asked = Omit<TrainRequest, 'target' | 'dataset'>;

const quick: Asked = { search: { method: 'portfolio', maxCandidates: 3 }, learners: ['linear'], ensemble: false, timeBudgetMs: 30_000 };

async function finish(dataset: VersionRef, asked: Asked = {}): Promise<Run> {
  const { runId, jobId } = await train.start({ dataset, target: y, ...quick, ...asked }, bench.caller);
  const job = await bench.jobs.wait(jobId);
  if (job.state !== 'done') throw Object.assign(new Error(`job ${job.state}: ${JSON.stringify(job.error)}`), { job: job.error });
  return train.get({ runId });
}

async function failure(dataset: VersionRef, asked: Asked = {}): Promise<{ code: string; params: object } | null> {
  const { jobId } = await train.start({ dataset, target: y, ...quick, ...asked }, bench.caller);
  const job = await bench.jobs.wait(jobId);
  expect(job.state).toBe('failed');
  return job.error;
}

const best = (run: Run): Run['candidates'][number] => run.candidates.find((each) => each.id === run.bestCandidateId)!;
const codes = (found: { code: string }[]): string[] => found.map(({ code }) => code);

function rowsOf(count: number, of: (row: number) => TestCell[]): TestCell[][] {
  return Array.from({ length: count }, (_, row) => of(row));
}
const propose = (dataset: VersionRef): Promise<Proposal> => features.propose({ dataset, target: y });
const day = (at: number): string => new Date(Date.UTC(2024, 0, 1 + at)).toISOString().slice(0, 10);

describe('the structure of the rows', { timeout: 120_000 }, () => {
  const visits: Column[] = [
    { name: 'patient_id', type: 'identifier' },
    { name: 'height', type: 'number' },
    { name: 'y', type: 'number' },
  ];
  /** 40 patients with 8 visits each: what is measured is the patient's, and so is most of the answer. */
  const visitRows = rowsOf(320, (row) => {
    const patient = (row * 37) % 40;
    return [`p${patient}`, 150 + patient * 1.25, 10 * noise(patient, 3) + noise(row, 4)];
  });

  it('by group: whole groups judge, and random rows would have flattered', async () => {
    const dataset = await data.rows('visits', visits, visitRows);
    const { problem } = await propose(dataset);
    expect(problem).toMatchObject({ holdout: { kind: 'group', groupColumn: 'patient_id' }, reasons: [{ code: 'groupedRows' }] });
    const asked: Asked = { learners: ['nearest'] };
    const byGroup = await finish(dataset, asked);
    expect(byGroup.request.holdout).toMatchObject({ kind: 'group', groupColumn: 'patient_id' });
    expect(codes(byGroup.findings)).toContain('groupedRows');
    expect(byGroup.rows!.test % 8).toBe(0);
    const random = await finish(dataset, { ...asked, holdout: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.2 } });
    expect(random.findings).toContainEqual({ code: 'randomOverGroups', params: { column: 'patient_id' } });
    expect(codes(random.findings)).not.toContain('groupedRows');
    // Nearest neighbours know the patient again by the height.
    expect(random.candidates.find((each) => each.learner === 'nearest')!.test.r2!.value).toBeGreaterThan(0.9);
    expect(byGroup.candidates.find((each) => each.learner === 'nearest')!.test.r2!.value).toBeLessThan(0.5);
    // Both are compared on whole patients that the second has not seen.
    const of = (run: Run): { sha256: string; runId: string } => ({ sha256: best(run).sha256!, runId: run.id });
    const compared = await train.compare(of(random), of(byGroup), null);
    expect(compared.rows).toBeLessThanOrEqual(byGroup.rows!.test);
    expect(compared.rows).toBeGreaterThan(0);
  });

  it('by time: the newest rows judge, with as many folds as there are moments for', async () => {
    const columns: Column[] = [
      { name: 'sold', type: 'date' },
      { name: 'x', type: 'number' },
      { name: 'y', type: 'number' },
    ];
    const sales = (days: number): TestCell[][] =>
      rowsOf(days * 8, (row) => [day(Math.floor(row / 8)), noise(row), 2 * noise(row) + row / 200]);
    const run = await finish(await data.rows('sales', columns, sales(40)));
    expect(run.request.holdout).toMatchObject({ kind: 'temporal', timeColumn: 'sold' });
    expect(codes(run.findings)).toContain('timeOrder');
    // Seven days: too few to be taken for a structure, enough for two folds when asked for by time.
    const short = await data.rows('short', columns, sales(7));
    expect((await propose(short)).problem.holdout.kind).toBe('stratified');
    const few = await finish(short, { holdout: { kind: 'temporal', timeColumn: 'sold', validationFraction: 0.15, testFraction: 0.2 } });
    expect(best(few).progress!.folds.planned).toBeLessThan(5);
    const folds = { kind: 'expanding', folds: 9, timeColumn: 'sold' } as const;
    expect(await failure(short, { folds })).toMatchObject({ code: 'MK_TRAIN_FEWER_THAN_FOLDS' });
  });

  it('of stores over weeks is a table to forecast from', async () => {
    const columns: Column[] = [
      { name: 'week', type: 'date' },
      { name: 'store', type: 'category' },
      { name: 'y', type: 'number' },
    ];
    const rows = rowsOf(600, (row) => [day(7 * ((row * 13) % 50)), `store ${Math.floor(row / 50)}`, 100 * noise(row)]);
    const { problem } = await propose(await data.rows('weekly', columns, rows));
    expect(problem).toMatchObject({
      holdout: { kind: 'temporal', timeColumn: 'week' },
      reasons: [{ code: 'forecastSeries', params: { time: 'week', entity: 'store', series: 12, moments: 50, horizon: 1 } }],
    });
  });
});

describe('objectives and weights', { timeout: 120_000 }, () => {
  const columns: Column[] = [
    { name: 'x', type: 'number' },
    { name: 'w', type: 'number' },
    { name: 'y', type: 'number' },
  ];
  /** Answers between 10x and 10x + 10, evenly: the 90 % quantile is 10x + 9. */
  const rows = rowsOf(800, (row) => [3 * noise(row, 1), 1 + (row % 2), 30 * noise(row, 1) + 10 * noise(row, 2)]);

  it('a quantile has that share of the answers below it, and its own metric', async () => {
    const dataset = await data.rows('even', columns, rows);
    const run = await finish(dataset, { objective: { kind: 'quantile', level: 0.9 } });
    expect(run.primaryMetric).toBe('pinball90');
    expect(best(run)).toMatchObject({ learner: 'linear' });
    const { prediction } = await train.score(best(run).sha256!, dataset);
    const below = Array.from(prediction as Float32Array).filter((level, row) => (rows[row]![2] as number) <= level).length / rows.length;
    expect(Math.abs(below - 0.9)).toBeLessThan(0.04);
    // The best there can be: pinball loss of the true quantile, 0.9 · 0.1 · 10 / 2.
    expect(best(run).test.pinball90!.value).toBeLessThan(0.55);
  });

  it('Poisson answers counts with positive means; a negative count is named', async () => {
    const counts = rowsOf(600, (row) => {
      let [count, product] = [-1, 1];
      for (let draw = 0; product > Math.exp(-Math.exp(2 * noise(row, 1))); draw++, count++) product *= noise(row, 10 + draw);
      return [noise(row, 1), 1, count];
    });
    const dataset = await data.rows('counts', columns, counts);
    expect((await propose(dataset)).problem).toMatchObject({ kind: 'count', objective: { kind: 'poisson' } });
    const run = await finish(dataset, { objective: { kind: 'poisson' } });
    expect(run.primaryMetric).toBe('poissonDeviance');
    const { prediction } = await train.score(best(run).sha256!, dataset);
    expect(Math.min(...(prediction as Float32Array))).toBeGreaterThan(0);
    const negative = await data.rows('negative', columns, [...counts, [0.5, 1, -3]]);
    expect(await failure(negative, { objective: { kind: 'poisson' } })).toMatchObject({
      code: 'MK_TRAIN_TARGET_VALUE',
      params: { column: 'y', row: 600, value: -3 },
    });
  });

  it('a weight column is no feature, moves the answers, and is refused where a weight is missing', async () => {
    const lifted = rowsOf(600, (row) => [noise(row), row % 2 === 0 ? 9 : 1, row % 2 === 0 ? 10 + noise(row, 2) : noise(row, 2)]);
    const dataset = await data.rows('lifted', columns, lifted);
    const run = await finish(dataset, { weightColumn: 'w', learners: ['linear'] });
    expect(run.spec!.rules).toContainEqual({ column: 'w', kind: 'drop', reason: 'user' });
    const { prediction } = await train.score(best(run).sha256!, dataset);
    const mean = Array.from(prediction as Float32Array).reduce((sum, each) => sum + each, 0) / lifted.length;
    // Weighted mean 0.9 · 10.5 + 0.1 · 0.5; without weights it would be 5.5.
    expect(mean).toBeGreaterThan(9);
    expect(mean).toBeLessThan(10);
    const holed = await data.rows('holed', columns, [...lifted, [0.5, null, 1]]);
    expect(
      await failure(holed, {
        weightColumn: 'w',
        holdout: { kind: 'temporal', timeColumn: 'x', validationFraction: 0.15, testFraction: 0.2 },
      }),
    ).toMatchObject({
      code: 'MK_TRAIN_WEIGHT',
      params: { column: 'w', row: 600 },
    });
  });

  it('balanced classes raise the rare answer', async () => {
    const classes: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'y', type: 'category' },
    ];
    const rare = rowsOf(1000, (row) => [noise(row) + (row % 20 === 0 ? 0.4 : 0), row % 20 === 0 ? 'yes' : 'no']);
    const dataset = await data.rows('rare', classes, rare);
    const plain = await finish(dataset);
    expect((await propose(dataset)).problem.reasons).toEqual([
      { code: 'imbalancedClasses', params: { class: 'yes', rows: 50, share: 0.05 } },
    ]);
    expect(plain.findings).toContainEqual({ code: 'imbalanced', params: { class: 'yes', rows: 40, share: 0.05 } });
    const balanced = await finish(dataset, { classWeights: 'balanced' });
    expect(codes(balanced.findings)).toContain('balancedClasses');
    const meanOf = async (run: Run): Promise<number> => {
      const { probabilities } = await train.score(run.candidates.find((each) => each.learner === 'linear')!.sha256!, dataset);
      return (
        Array.from(probabilities!)
          .filter((_, cell) => cell % 2 === 1)
          .reduce((sum, each) => sum + each, 0) / 1000
      );
    };
    expect(await meanOf(balanced)).toBeGreaterThan(2 * (await meanOf(plain)));
  });
});

describe('bad input has a stated behaviour', { timeout: 120_000 }, () => {
  it('constant, empty and duplicate columns are left out and named; infinite cells and dates before 1900 are trained on', async () => {
    const columns: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'same', type: 'number' },
      { name: 'constant', type: 'number' },
      { name: 'empty', type: 'number' },
      { name: 'wild', type: 'number' },
      { name: 'built', type: 'date' },
      { name: 'y', type: 'number' },
    ];
    const rows = rowsOf(400, (row) => {
      const year = 1700 + Math.floor(250 * noise(row, 7));
      return [
        noise(row),
        noise(row),
        4,
        null,
        row % 50 === 0 ? Infinity : row % 50 === 1 ? -Infinity : noise(row, 2),
        `${year}-06-01`,
        noise(row) + (year - 1700) / 50,
      ];
    });
    const dataset = await data.rows('odd', columns, rows);
    const { spec, findings } = await propose(dataset);
    expect(spec.rules).toContainEqual({ column: 'same', kind: 'drop', reason: 'duplicate' });
    expect(findings).toContainEqual({ column: 'same', code: 'duplicate', params: { other: 'x' } });
    expect(spec.rules).toContainEqual({ column: 'constant', kind: 'drop', reason: 'constant' });
    expect(spec.rules).toContainEqual({ column: 'empty', kind: 'drop', reason: 'allMissing' });
    const run = await finish(dataset, { holdout: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.2 } });
    expect(best(run).test.r2!.value).toBeGreaterThan(0.9);
    expect(best(run).parity).toBeLessThanOrEqual(1e-6);
  });

  it('infinite answers count as missing, and rows without an answer are left out and told', async () => {
    const columns: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'y', type: 'number' },
    ];
    const rows = rowsOf(300, (row) => [noise(row), row === 17 ? Infinity : row % 3 === 0 ? null : noise(row)]);
    const run = await finish(await data.rows('infinite', columns, rows));
    expect(run.rows!.dropped).toBe(101);
    expect(run.findings).toContainEqual({ code: 'missingTarget', params: { rows: 101, total: 300 } });
  });

  it('fewer rows, groups or classes than it takes are errors that say how many there are', async () => {
    const columns: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'g', type: 'category' },
      { name: 'y', type: 'category' },
    ];
    const dataset = await data.rows(
      'small',
      columns,
      rowsOf(22, (row) => [noise(row), `g${row % 2}`, `${row % 2}`]),
    );
    expect(await failure(dataset, { folds: { kind: 'stratified', folds: 20 } })).toMatchObject({
      code: 'MK_TRAIN_FEWER_THAN_FOLDS',
      params: { what: 'rows', found: 18, folds: 20 },
    });
    const holdout = { kind: 'group', groupColumn: 'g', validationFraction: 0.15, testFraction: 0.2 } as const;
    expect(await failure(dataset, { holdout })).toMatchObject({ code: 'MK_TRAIN_TOO_FEW_GROUPS', params: { column: 'g', found: 2 } });
    await expect(finish(dataset, { holdout: { ...holdout, groupColumn: 'nowhere' } })).rejects.toMatchObject({
      code: 'MK_FEATURES_COLUMN_MISSING',
      params: { column: 'nowhere' },
    });
    expect(await failure(dataset, { objective: { kind: 'absolute' } })).toMatchObject({
      code: 'MK_TRAIN_OBJECTIVE_TASK',
      params: { column: 'y' },
    });
    const one = await data.rows(
      'one',
      columns,
      rowsOf(40, (row) => [noise(row), 'g', 'only']),
    );
    expect(await failure(one)).toMatchObject({ code: 'MK_FEATURES_TARGET_ONE_CLASS', params: { column: 'y', value: 'only' } });
    expect(await finish(dataset)).toMatchObject({ state: 'done' });
  });

  it('columns named like SQL and in emoji, and numbers among words, are columns like others', async () => {
    const columns: Column[] = [
      { name: 'select', type: 'number' },
      { name: 'order by "x"; --', type: 'category' },
      { name: '🐟 大小', type: 'number' },
      { name: 'mixed', type: 'category' },
      { name: 'group', type: 'identifier' },
      { name: 'y', type: 'number' },
    ];
    const mixed = ['7', 'seven', '7.0', 'NaN', '七'];
    const rows = rowsOf(400, (row) => {
      const kind = Math.floor(5 * noise(row, 3));
      return [noise(row), kind > 2 ? "o'clock" : 'a"b', noise(row, 2), mixed[kind]!, `g${row % 40}`, noise(row) + kind];
    });
    const run = await finish(await data.rows('names', columns, rows), {
      holdout: { kind: 'group', groupColumn: 'group', validationFraction: 0.15, testFraction: 0.2 },
    });
    expect(run.signature!.inputs.map((each) => each.name)).toEqual(['select', 'order by "x"; --', '🐟 大小', 'mixed']);
    expect(best(run).test.r2!.value).toBeGreaterThan(0.9);
  });

  it('a hundred thousand values are told, and left out or put together', async () => {
    const lines = Array.from({ length: 150_000 }, (_, row) => `key ${row % 100_000},${noise(row).toFixed(4)},${row % 2 === 0 ? 'a' : 'b'}`);
    const file = join(bench.folder, 'many.csv');
    await writeFile(file, ['code,x,y', ...lines].join('\n'));
    const dataset = await data.import('many', file, { types: { code: 'category', y: 'category' } });
    const { spec, findings } = await propose(dataset);
    expect(spec.rules).toContainEqual({ column: 'code', kind: 'drop', reason: 'highCardinality' });
    const found = findings.find((each) => each.column === 'code')!;
    expect(found.code).toBe('highCardinality');
    expect(Number(found.params['distinct'])).toBeGreaterThan(90_000);
    expect(await finish(dataset, { timeBudgetMs: 10_000 })).toMatchObject({ state: 'done' });
  });

  it('rows of the test part that were trained on are told', async () => {
    const columns: Column[] = [
      { name: 'x', type: 'number' },
      { name: 'y', type: 'category' },
    ];
    const rows = rowsOf(400, (row) => [noise(row % 200), noise(row % 200, 2) < 0.5 ? 'a' : 'b']);
    const run = await finish(await data.rows('twice', columns, rows));
    const found = run.findings.find(({ code }) => code === 'duplicateRows')!;
    expect(found.params).toMatchObject({ test: 80 });
    expect(Number(found.params['share'])).toBeGreaterThan(0.5);
    const distinct = await finish(
      await data.rows(
        'once',
        columns,
        rowsOf(400, (row) => [noise(row), noise(row, 2) < 0.5 ? 'a' : 'b']),
      ),
    );
    expect(codes(distinct.findings)).not.toContain('duplicateRows');
  });
});
