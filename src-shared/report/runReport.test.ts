import { expect, test } from 'vitest';
import type { Candidate, Learner } from '../domain/training.ts';
import { runReport, type ReportedRun } from './runReport.ts';

function candidate(id: string, learner: Learner, auc: number, at: number, extra: Partial<Candidate> = {}): Candidate {
  const figures = { auc: { value: auc, low: auc - 0.02, high: auc + 0.02, rows: 800 } };
  return {
    id,
    runId: 'run',
    learner,
    settings: {},
    state: 'done',
    validation: figures,
    test: {},
    sha256: null,
    sizeBytes: null,
    trainMs: 1,
    predictMs: null,
    parity: null,
    curve: [],
    progress: {
      origin: {
        kind: 'portfolio',
        expected: null,
      },
      folds: {
        planned: 5,
        done: 5,
      },
      fits:
        learner === 'ensemble'
          ? []
          : [
              {
                worker: 0,
                fold: 0,
                fromMs: at,
                toMs: at + 1e3,
                value: auc,
              },
            ],
      members: [],
      dropped: null,
      failure: null,
    },
    ...extra,
  };
}

const members = [
  { candidateId: 'b1', weight: 0.7 },
  { candidateId: 'l', weight: 0.3 },
];
const ensemble = candidate('e', 'ensemble', 0.86, 0, { test: { auc: { value: 0.85, low: 0.83, high: 0.87, rows: 400 } } });
const run: ReportedRun = {
  id: 'run',
  number: 3,
  jobId: 'job',
  spec: null,
  signature: null,
  task: 'binary',
  state: 'done',
  primaryMetric: 'auc',
  request: {
    dataset: {
      name: 'd',
      version: 1,
    },
    target: {
      kind: 'column',
      column: 'churn',
    },
  },
  rows: {
    train: 3e3,
    validation: 0,
    test: 400,
    dropped: 0,
  },
  bestCandidateId: 'e',
  startedAt: 0,
  finishedAt: 61e3,
  createdBy: 'ada',
  findings: [
    {
      code: 'againstBaseline',
      params: {
        metric: 'auc',
        place: 0,
        learner: 'baseline',
        gain: 0.35,
        low: 0.33,
        high: 0.37,
        rows: 400,
        verdict: 'better',
      },
    },
    {
      code: 'againstNext',
      params: {
        metric: 'auc',
        place: 2,
        learner: 'boosting',
        gain: 0.004,
        low: -0.002,
        high: 0.01,
        rows: 400,
        verdict: 'noProvenDifference',
      },
    },
    {
      code: 'imbalanced',
      params: {
        class: 'yes',
        share: 0.04,
        rows: 120,
      },
    },
    {
      code: 'timeBudget',
      params: {
        tried: 5,
        planned: 9,
      },
    },
  ],
  candidates: [
    candidate('0', 'baseline', 0.5, 0),
    candidate('l', 'linear', 0.84, 1e3),
    candidate('b1', 'boosting', 0.855, 2e3),
    candidate('b2', 'boosting', 0.85, 5e4),
    {
      ...ensemble,
      progress: {
        ...ensemble.progress!,
        members,
      },
    },
  ],
};

test('a report says what was tried, why the winner won, and what to collect, in plain sentences', () => {
  const sections = Object.fromEntries(runReport(run, 'en').map(({ id, lines }) => [id, lines.join('\n')]));
  expect(sections['result']).toBe('Ensemble predicts churn best: AUC 0.850 (0.830 to 0.870) on 400 rows that no candidate saw.');
  expect(sections['tried']).toContain('4 candidates in 1 min 1 s: Boosted trees × 2, Baseline, Linear.');
  expect(sections['tried']).toContain('A candidate is fitted 5 times');
  expect(sections['why']).toContain('It averages Boosted trees 1 (70%), Linear (30%).');
  expect(sections['why']).toContain('beats the constant answer by 0.350 (0.330 to 0.370) AUC, paired on the same 400 test rows');
  expect(sections['why']).toContain('Against the next, Boosted trees 1, the difference of 0.004 (−0.002 to 0.010) AUC may be chance');
  expect(sections['why']).toContain('found after 3 s; the search until 51 s found none better');
  expect(sections['next']).toContain('More rows of “yes”: only 120 (4.0%)');
  expect(sections['next']).toContain('A longer run');
  expect(sections['next']).toContain('four times as many rows halve it');
});

test('the Chinese report has the same sections and as many sentences', () => {
  const [en, zh] = [runReport(run, 'en'), runReport(run, 'zh')];
  expect(zh.map(({ id, lines }) => [id, lines.length])).toEqual(en.map(({ id, lines }) => [id, lines.length]));
  for (const { lines } of zh) for (const line of lines) expect(line).toMatch(/[\u4e00-\u9fff].*。$/);
});

test('a result that test rows contradict is told', () => {
  const worse = { ...run.candidates[4]!, test: { auc: { value: 0.8, low: 0.78, high: 0.82, rows: 400 } } };
  const doubt = runReport({ ...run, candidates: [...run.candidates.slice(0, 4), worse] }, 'en').find(({ id }) => id === 'doubt');
  expect(doubt?.lines[0]).toContain('worse than where it was chosen (0.800 against 0.860)');
});

test('a run without a model has no report', () => {
  expect(runReport({ ...run, bestCandidateId: null }, 'en')).toEqual([]);
});

const asked: ReportedRun = {
  ...run,
  request: {
    ...run.request,
    objective: { kind: 'quantile', level: 0.9 },
    weightColumn: 'exposure',
    holdout: { kind: 'temporal', timeColumn: 'day', validationFraction: 0.15, testFraction: 0.2 },
  },
  candidates: [
    ...run.candidates.slice(0, 4),
    { ...run.candidates[4]!, sizeBytes: 900_000 },
    {
      ...candidate('s', 'mlp', 0.84, 5e4),
      sizeBytes: 30_000,
      progress: { ...candidate('s', 'mlp', 0.84, 5e4).progress!, origin: { kind: 'distilled', expected: null } },
    },
  ],
  findings: [
    { code: 'timeDrift', params: { column: 'day', drift: 0.2 } },
    { code: 'balancedClasses', params: {} },
    { code: 'calibrated', params: { method: 'isotonic', before: 0.071, after: 0.012, rows: 2400 } },
    { code: 'sets', params: { level: 0.9, share: 0.912, size: 1.21, rows: 400 } },
    { code: 'intervals', params: { level: 0.9, share: 0.893, width: 120, rows: 400 } },
    {
      code: 'distilled',
      params: {
        metric: 'auc',
        place: 5,
        teacher: 4,
        learner: 'ensemble',
        gain: -0.012,
        low: -0.02,
        high: -0.003,
        rows: 400,
        verdict: 'worse',
      },
    },
    { code: 'duplicateRows', params: { rows: 12, test: 400 } },
  ],
};

test('it says what the answer is, who judged it, and how sure it is', () => {
  const sections = Object.fromEntries(runReport(asked, 'en').map(({ id, lines }) => [id, lines.join('\n')]));
  expect(sections['tried']).toContain('The newest rows by day were held back to judge. The answer changes over it.');
  expect(sections['tried']).toContain('fitted 5 times and judged on the moments after those that it learned from');
  expect(sections['answers']).toContain('a level that 90% of true answers lie below');
  expect(sections['answers']).toContain('Rows counted by exposure in training');
  expect(sections['answers']).toContain('before, they were 0.071 away from how often they come true, after 0.012');
  expect(sections['answers']).toContain('held 91.2% of 400 test rows, with 1.21 classes on average');
  expect(sections['answers']).toContain('held 89.3% of 400 test rows, 120 apart');
  expect(sections['answers']).toContain(
    'Small model learned to answer as Ensemble, which costs −0.012 (−0.020 to −0.003) AUC on 400 test rows.',
  );
  expect(sections['answers']).toContain('Its file has 3.3% of the size.');
  expect(sections['doubt']).toContain('12 of 400 test rows are equal to rows that taught');
  const zh = runReport(asked, 'zh');
  expect(zh.map(({ id, lines }) => [id, lines.length])).toEqual(runReport(asked, 'en').map(({ id, lines }) => [id, lines.length]));
  for (const { lines } of zh) for (const line of lines) expect(line).toMatch(/[\u4e00-\u9fff].*。$/);
});

test('random rows against the structure of the data are a doubt', () => {
  for (const code of ['randomOverTime', 'randomOverGroups']) {
    const doubt = runReport({ ...run, findings: [{ code, params: { column: 'day' } }] }, 'en').find(({ id }) => id === 'doubt');
    expect(doubt?.lines.join()).toContain('the figures are better than');
  }
});

test('a device that was lost on the way is told, in both languages', () => {
  const findings = [{ code: 'deviceLost', params: { from: 'webgpu', to: 'cpu', step: 70, reason: 'driver', fits: 2 } }];
  const doubtIn = (language: 'en' | 'zh') =>
    runReport({ ...run, findings }, language)
      .find(({ id }) => id === 'doubt')
      ?.lines.join('\n');
  expect(doubtIn('en')).toContain('The device webgpu gave up while a network was trained; cpu went on from the same step.');
  expect(doubtIn('zh')).toContain('由 cpu 从同一步继续');
});
