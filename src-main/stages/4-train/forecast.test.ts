// Forecasting tables from the import to answers in a file: births a day in the United States, and employees a month by industry.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchDataset } from '../../../test/fixtures/fetch.ts';
import { modelSignature } from '../../../src-shared/domain/features.ts';
import { historyName } from '../../../src-shared/domain/history.ts';
import type { Job } from '../../../src-shared/domain/job.ts';
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { TrainRequest } from '../../../src-shared/domain/training.ts';
import type { TestBench } from '../../testing/testBench.ts';
import { readModel } from '../../compiler/index.ts';
import type { FeatureService } from '../3-features/api.ts';
import type { TrainService } from './api.ts';
import { signatureKey } from './exportModel.ts';
import type { TestData } from './testData.ts';
import { TestTraining, type TestRun } from './testTraining.ts';
import { openDuck } from './worker/table/duck.ts';
import { historyOfInputs, readWithHistory } from './worker/table/history.ts';
import { scoreRows } from './worker/models/scoreRows.ts';

let training: TestTraining;
let bench: TestBench;
let data: TestData;
let features: FeatureService;
let train: TrainService;

beforeEach(async () => {
  training = await TestTraining.open();
  ({ bench, data, train, features } = training);
});
afterEach(async () => {
  await training[Symbol.asyncDispose]();
});

function finish(request: TrainRequest): Promise<TestRun> {
  return training.finish({
    learners: ['baseline', 'linear', 'boosting'],
    search: { method: 'portfolio', maxCandidates: 3 },
    timeBudgetMs: 60_000,
    ...request,
  });
}

const paramsOf = (run: TestRun, code: string): Record<string, number | string> | undefined =>
  run.findings.find((each) => each.code === code)?.params;

const shaOf = (run: TestRun, id = run.bestCandidateId): string => run.candidates.find((each) => each.id === id)!.sha256!;

async function predict(sha256: string, file: string, history?: VersionRef): Promise<{ job: Job; answers: number[] }> {
  const output = join(bench.folder, 'answers.csv');
  const { jobId } = train.startPredict(
    { sha256, subject: 'forecast v1', input: file, output, ...(history ? { history } : {}) },
    bench.caller,
  );
  const job = await bench.jobs.wait(jobId);
  if (job.state !== 'done') return { job, answers: [] };
  const [, ...lines] = (await readFile(output, 'utf8')).trimEnd().split('\n');
  return { job, answers: lines.map((line) => Number(line.split(',')[0])) };
}

interface Day {
  date: string;
  births: number | null;
}

/** Every day of 2000 to 2014. */
async function allDays(): Promise<Day[]> {
  const { path } = await fetchDataset('births2000');
  const [, ...lines] = (await readFile(path, 'utf8')).trim().split(/\r?\n/);
  return lines.map((line) => {
    const [year, month, day, , count] = line.split(',').map(Number) as [number, number, number, number, number];
    return { date: new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10), births: count };
  });
}

async function writeDays(name: string, days: readonly Day[]): Promise<string> {
  const file = join(bench.folder, name);
  await writeFile(file, `date,births\n${days.map((day) => `${day.date},${day.births ?? ''}`).join('\n')}\n`);
  return file;
}

const target = { kind: 'column' as const, column: 'births' };
const twoFolds = { kind: 'expanding' as const, folds: 2, timeColumn: 'date' };

describe('a forecasting table', { timeout: 180_000 }, () => {
  it('is recognised, gets its past as inputs, and is judged against the seasonal naive forecast', async () => {
    const days = await allDays();
    const dataset = await data.import('births', await writeDays('births.csv', days));
    const run = await finish({ dataset, target, folds: twoFolds });

    const { history } = run.spec!;
    expect(history).toMatchObject({
      timeColumn: 'date',
      entityColumns: [],
      horizon: 1,
      season: 7,
      step: { unit: 'second', count: 86_400 },
    });
    expect(run.request.holdout).toMatchObject({ kind: 'temporal', timeColumn: 'date' });
    expect(paramsOf(run, 'forecastSeries')).toMatchObject({ series: 1, moments: days.length, horizon: 1 });
    expect(paramsOf(run, 'season')).toMatchObject({ season: 7 });

    // The last fifth of days judges; what the naive forecast reaches there, and its mean error before, by hand.
    const counts = days.map((day) => day.births!);
    const testFrom = Math.floor(counts.length * 0.8);
    const errors = counts.map((count, at) => (at < 7 ? Number.NaN : Math.abs(count - counts[at - 7]!)));
    const meanOf = (values: number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
    const [inTraining, inTest] = [meanOf(errors.slice(7, testFrom)), meanOf(errors.slice(testFrom))];
    const baseline = run.candidates.find((each) => each.learner === 'baseline')!;
    expect(baseline.settings).toMatchObject({ answer: 'seasonalNaive' });
    expect(baseline.test.mae!.value).toBeCloseTo(inTest, 3);
    expect(baseline.test.mase!.value).toBeCloseTo(inTest / inTraining, 6);

    const best = run.candidates.find((each) => each.id === run.bestCandidateId)!;
    expect(best.test.mase!.value).toBeLessThan(0.8 * baseline.test.mase!.value);
    expect(best.test.mase!.low).toBeLessThan(best.test.mase!.value);
    expect(paramsOf(run, 'againstNaive')).toMatchObject({ verdict: 'better' });
    expect(paramsOf(run, 'notBetterThanNaive')).toBeUndefined();
    for (const each of run.candidates.filter(({ sha256 }) => sha256)) expect(each.parity).toBeLessThanOrEqual(1e-6);

    // Judged again later, by the same measure.
    const { metrics } = await train.evaluation({ candidateId: run.bestCandidateId! });
    expect(metrics.mase!.value).toBeCloseTo(best.test.mase!.value, 6);

    const model = await readFile(bench.blobs.path(shaOf(run)));
    const signature = modelSignature.parse(JSON.parse(readModel(model).metadata[signatureKey]!));
    const lag = signature.inputs.find(({ name }) => name === 'births lag 7')!;
    expect(lag).toMatchObject({
      onnxType: 'float32',
      required: false,
      history: { feature: { kind: 'lag', column: 'births', lag: 7 }, timeColumn: 'date', horizon: 1 },
    });
    expect(historyOfInputs(signature.inputs)!.features.map(historyName)).toEqual(history!.features.map(historyName));
  });

  it('is answered in a file as in the dataset: the past comes from the file, or from a dataset version', async () => {
    const days = await allDays();
    const dataset = await data.import('births', await writeDays('births.csv', days));
    const run = await finish({ dataset, target, forecast: { timeColumn: 'date', entityColumns: [], horizon: 14 }, folds: twoFolds });
    expect(run.request.holdout).toMatchObject({ kind: 'temporal', gap: 13 });
    // 13 of the days are neither learned from nor judged by.
    expect(run.rows!.test + run.rows!.train + 13).toBe(days.length);

    const sha256 = shaOf(run);
    const ahead = days.length - 14;
    const version = data.service.version(dataset);
    const source = { dataset: { file: bench.blobs.path(version.sha256), rows: version.rows, columns: version.columns }, rows: null };
    const { prediction } = await scoreRows(bench.blobs.path(sha256), source, async () => {});
    const expected = Array.from(prediction.slice(ahead) as Float32Array, (value) => Number(value.toPrecision(9)));

    const unknown = days.map((day, at) => (at < ahead ? day : { ...day, births: null }));
    const whole = await predict(sha256, await writeDays('whole.csv', unknown));
    expect(whole.answers).toHaveLength(days.length);
    expect(whole.answers.slice(ahead)).toEqual(expected);
    expect(whole.job.result).toMatchObject({ rows: days.length, withoutHistory: 14 });
    // In another order, and with no more than the past that the longest window asks for.
    const part = await predict(sha256, await writeDays('part.csv', unknown.slice(ahead - 120).reverse()));
    expect(part.answers.slice(0, 14).reverse()).toEqual(expected);

    const future = await writeDays('future.csv', unknown.slice(ahead));
    const helped = await predict(sha256, future, dataset);
    expect(helped.answers).toEqual(expected);
    expect(helped.job.result).toMatchObject({ rows: 14, withoutHistory: 0 });
    const alone = await predict(sha256, future);
    expect(alone.job.result).toMatchObject({ rows: 14, withoutHistory: 14 });
    expect(alone.answers.every(Number.isFinite)).toBe(true);
  });

  it('never looks ahead: when later answers are shuffled, no input of an earlier row changes by a bit', async () => {
    const days = (await allDays()).slice(0, 800);
    const [cutoff, horizon] = [500, 7];
    const shuffled = days.map((day, at) =>
      at <= cutoff ? day : { ...day, births: days[cutoff + 1 + ((at * 7919) % (days.length - cutoff - 1))]!.births },
    );
    const forecast = { timeColumn: 'date', entityColumns: [], horizon };
    const read = async (name: string, rows: readonly Day[]): Promise<Awaited<ReturnType<typeof readWithHistory>>> => {
      const dataset = await data.import(name, await writeDays(`${name}.csv`, rows));
      const { spec } = await features.propose({ dataset, target, forecast });
      const columns = spec.history!.features.map((feature) => ({ name: historyName(feature), type: 'number' as const }));
      expect(columns.length).toBeGreaterThan(8);
      using duck = await openDuck();
      const file = bench.blobs.path(data.service.version(dataset).sha256);
      return await readWithHistory(duck.connection, file, { columns, capacity: rows.length }, {
        ...spec.history!,
        season: undefined,
      } as never);
    };
    const [before, after] = [await read('before', days), await read('after', shuffled)];
    let later = 0;
    for (const [name, column] of before.columns) {
      const [own, other] = [column, after.columns.get(name)!].map((each) => (each.kind === 'float32' ? each.values : []));
      for (let row = 0; row < days.length; row++) {
        if (row <= cutoff + horizon) expect(Object.is(own![row], other![row]), `${name} of row ${row}`).toBe(true);
        else later += Number(!Object.is(own![row], other![row]));
      }
    }
    expect(later).toBeGreaterThan(1000);
  });

  it('can be one of several series by month: a series that is new is answered, two rows of one moment are not', async () => {
    const { path } = await fetchDataset('usEmployment');
    const [header, ...months] = (await readFile(path, 'utf8'))
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(','));
    const lines = months.flatMap(([month, ...cells], row) =>
      cells.slice(0, 23).map((cell, at) => `${month},${header![at + 1]},${cell},${Number(cell) * (1 + (((row + 3 * at) * 7919) % 13))}`),
    );
    const file = join(bench.folder, 'jobs.csv');
    await writeFile(file, `month,industry,employees,paid\n${lines.join('\n')}\n`);
    const dataset = await data.import('jobs', file);
    const proposal = await features.propose({ dataset, target: { kind: 'column', column: 'employees' } });
    expect(proposal.spec.history).toMatchObject({ timeColumn: 'month', entityColumns: ['industry'], step: { unit: 'month', count: 1 } });
    // What is paid at the moment is not known ahead; its last known cell is.
    expect(proposal.spec.rules.find(({ column }) => column === 'paid')).toMatchObject({ kind: 'drop', reason: 'unknownAhead' });
    expect(proposal.spec.rules.find(({ column }) => column === 'paid lag 1')).toMatchObject({ kind: 'numeric' });
    expect(proposal.problem.reasons.find(({ code }) => code === 'unknownAhead')!.params).toMatchObject({ columns: 'paid' });

    const run = await finish({ dataset, target: { kind: 'column', column: 'employees' }, learners: ['baseline', 'linear'] });
    expect(run.spec!.history).toEqual(proposal.spec.history);
    const sha256 = shaOf(run);
    const write = async (rows: string[]): Promise<string> => {
      const own = join(bench.folder, 'next.csv');
      await writeFile(own, `month,industry,employees,paid\n${rows.join('\n')}\n`);
      return own;
    };
    const next = await predict(
      sha256,
      await write(['2016-01-01,construction,,', '2016-01-01,asteroid mining,,', ',construction,,']),
      dataset,
    );
    expect(next.job.result).toMatchObject({ rows: 3, withoutHistory: 2 });
    expect(next.answers.every(Number.isFinite)).toBe(true);
    const twice = await predict(sha256, await write(['2016-01-01,construction,1,', '2016-01-01,construction,2,']), dataset);
    expect(twice.job.error).toMatchObject({ code: 'MK_FEATURES_HISTORY_DUPLICATE', params: { row: 2 } });
    const bare = join(bench.folder, 'bare.csv');
    await writeFile(bare, 'industry,employees,paid\nconstruction,,\n');
    expect((await predict(sha256, bare)).job.error).toMatchObject({ code: 'MK_PREDICT_COLUMN_MISSING', params: { column: 'month' } });
    // Without the entity the table has many rows a month.
    await expect(
      features.propose({ dataset, target: { kind: 'column', column: 'employees' }, forecast: { timeColumn: 'month', entityColumns: [] } }),
    ).rejects.toMatchObject({ code: 'MK_FEATURES_HISTORY_DUPLICATE' });
    const without = await features.propose({ dataset, target: { kind: 'column', column: 'employees' }, forecast: null });
    expect(without.spec).not.toHaveProperty('history');
  });

  it('says what it does with gaps, days of work, missing answers and rows without a time', async () => {
    const days = (await allDays()).slice(0, 700);
    const reasonsOf = async (name: string, rows: readonly Day[]): Promise<Record<string, unknown>> => {
      const dataset = await data.import(name, await writeDays(`${name}.csv`, rows), {
        types: { date: name === 'chance' ? 'timestamp' : 'date', births: 'integer' },
      });
      const { problem, spec } = await features.propose({ dataset, target });
      return { step: spec.history?.step.unit, ...Object.fromEntries(problem.reasons.map(({ code, params }) => [code, params])) };
    };
    const gaps = await reasonsOf(
      'gaps',
      days.filter((_, at) => at % 10 !== 3),
    );
    expect(gaps).toMatchObject({ step: 'second', gapsInTime: { column: 'date', missing: 0.1 } });
    const work = await reasonsOf(
      'work',
      days.filter(({ date }) => ![0, 6].includes(new Date(date).getUTCDay())),
    );
    expect(work).toMatchObject({ step: 'row', irregularTimes: { column: 'date' } });
    const missing = await reasonsOf('missing', [
      ...days.map((day, at) => (at % 9 === 4 ? { ...day, births: null } : day)),
      { date: '', births: 1 },
    ]);
    expect(missing).toMatchObject({ step: 'second', rowsWithoutTime: { rows: 1 }, forecastSeries: { moments: 700 } });
    // Moments of chance are no series, unless someone says so.
    const chance = days.map((day, at) => ({
      ...day,
      date: `2000-01-01 00:${String((at * 7) % 60).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`,
    }));
    const some = chance.filter((each, at) => chance.findIndex(({ date }) => date === each.date) === at && at % 5 !== 0);
    expect(await reasonsOf('chance', some)).not.toHaveProperty('forecastSeries');
  });

  it('whose seasonal naive column was taken out is held against the constant answer', async () => {
    const dataset = await data.import('births', await writeDays('births.csv', (await allDays()).slice(0, 1500)));
    const { spec } = await features.propose({ dataset, target });
    const rules = spec.rules.map((rule) =>
      rule.column === 'births lag 7' ? { column: rule.column, kind: 'drop' as const, reason: 'user' as const } : rule,
    );
    const run = await finish({
      dataset,
      target,
      spec: { ...spec, rules },
      holdout: { kind: 'temporal', timeColumn: 'date', validationFraction: 0.2, testFraction: 0.2 },
      folds: { kind: 'holdout', fraction: 0.2 },
      learners: ['baseline', 'linear'],
    });
    expect(run.signature!.inputs.map(({ name }) => name)).not.toContain('births lag 7');
    expect(paramsOf(run, 'againstNaive')).toBeUndefined();
    expect(paramsOf(run, 'againstBaseline')).toMatchObject({ verdict: 'better' });
    expect(paramsOf(run, 'forecastSeries')).toMatchObject({ horizon: 1 });
    // A spec without history is no forecast, whatever the rows look like.
    const { history: _, ...plain } = spec;
    const own = { ...plain, rules: plain.rules.slice(0, 2) };
    const byRow = await finish({ dataset, target, spec: own, learners: ['baseline', 'linear'], folds: { kind: 'holdout', fraction: 0.2 } });
    expect(byRow.request.holdout).toMatchObject({ kind: 'temporal' });
    expect(paramsOf(byRow, 'forecastSeries')).toBeUndefined();
    await expect(finish({ dataset, target, forecast: null, learners: ['baseline', 'linear'], metric: 'mase' })).rejects.toMatchObject({
      job: { code: 'MK_TRAIN_METRIC' },
    });
  });
});
