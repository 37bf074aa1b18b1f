import { expect, test } from 'vitest';
import type { Candidate, CandidateProgress, Learner } from '../../src-shared/domain/training.ts';
import {
  clockTicks,
  completedMs,
  fitsOf,
  foldPlanOf,
  foldsLeftMs,
  growthOf,
  growthRange,
  lastFitMs,
  throughAtMs,
  usableSinceMs,
} from './runProgress.ts';

function candidate(
  id: string,
  learner: Learner,
  auc: number | null,
  times: [fromMs: number, toMs: number | null][],
  planned = 2,
): Candidate {
  const progress: CandidateProgress = {
    origin: { kind: 'portfolio', expected: null },
    folds: { planned, done: learner === 'ensemble' ? planned : times.filter(([, toMs]) => toMs !== null).length },
    fits: times.map(([fromMs, toMs], fold) => ({ worker: fold % 2, fold, fromMs, toMs, value: auc })),
    members: [],
    dropped: null,
    failure: null,
  };
  const validation = auc === null ? {} : { auc: { value: auc, low: null, high: null, rows: 100 } };
  return {
    id,
    runId: 'run',
    learner,
    settings: {},
    state: 'done',
    validation,
    test: {},
    sha256: null,
    sizeBytes: null,
    trainMs: 1,
    predictMs: null,
    parity: null,
    curve: [],
    progress,
  };
}

const all = [
  candidate('base', 'baseline', 0.5, [[0, 10], [0, 12]]), // prettier-ignore
  candidate('a', 'linear', 0.8, [[10, 50], [12, 40]]), // prettier-ignore
  candidate('b', 'boosting', 0.79, [[50, 90], [40, 80]]), // prettier-ignore
  candidate('c', 'mlp', 0.85, [[90, 120], [80, 150]]), // prettier-ignore
  candidate('d', 'mlp', 0.9, [[150, 160], [120, null]]), // prettier-ignore
  candidate('e', 'ensemble', 0.86, []),
];

test('a model is usable as soon as one candidate has all its folds', () => {
  expect(usableSinceMs(all)).toBe(12);
  expect(usableSinceMs([all[4]!])).toBeNull();
  expect(completedMs(all[4]!)).toBeNull();
});

test('the best only grows; unfinished candidates and the constant answer have no place in it', () => {
  const { attempts, best } = growthOf(all, 'auc');
  expect(attempts.map(({ candidateId }) => candidateId)).toEqual(['a', 'b', 'c', 'e']);
  expect(best).toEqual([
    { candidateId: 'a', atMs: 50, value: 0.8 },
    { candidateId: 'c', atMs: 150, value: 0.85 },
    { candidateId: 'e', atMs: 160, value: 0.86 },
  ]);
  expect(growthOf(all, null)).toEqual({ attempts: [], best: [] });
});

test('smaller is better for a loss', () => {
  const losses = all.map((each): Candidate => ({
    ...each,
    validation: { logLoss: { value: 1, low: null, high: null, rows: 1, ...each.validation.auc } },
  }));
  expect(growthOf(losses, 'logLoss').best.map(({ candidateId }) => candidateId)).toEqual(['a', 'b']);
});

test('what is far from the best does not set the scale', () => {
  const attempts = [0.8, 0.81, 0.82, 0.8, 0.2].map((value, at) => ({ candidateId: String(at), atMs: at, value }));
  expect(growthRange({ attempts, best: [attempts[2]!] })).toEqual([0.8, 0.82]);
  expect(growthRange({ attempts: [], best: [] })).toBeNull();
});

test('fits tell who worked when, those that go on without an end', () => {
  expect(fitsOf(all)).toHaveLength(10);
  expect(fitsOf(all).at(-1)).toEqual({ candidateId: 'd', learner: 'mlp', worker: 1, fold: 1, fromMs: 120, toMs: null });
  expect(lastFitMs(all)).toBe(160);
});

test('folds are those that were asked for, or those that turned out', () => {
  const request = { dataset: { name: 'd', version: 1 }, target: { kind: 'column' as const, column: 'y' } };
  const temporal = { kind: 'temporal' as const, timeColumn: 'at', validationFraction: 0.2, testFraction: 0.2 };
  expect(foldPlanOf({ request, candidates: [] })).toBeNull();
  expect(foldPlanOf({ request, candidates: all })).toEqual({ kind: 'stratified', folds: 2 });
  expect(foldPlanOf({ request: { ...request, holdout: temporal }, candidates: all })).toEqual({
    kind: 'expanding',
    folds: 2,
    timeColumn: 'at',
  });
  const group = { kind: 'group' as const, folds: 3, groupColumn: 'customer' };
  expect(foldPlanOf({ request: { ...request, folds: group }, candidates: all })).toEqual(group);
  expect(foldPlanOf({ request, candidates: [candidate('x', 'linear', 1, [[0, 1]], 1)] })).toMatchObject({ kind: 'holdout' });
});

test('ticks stand at calendar steps and leave room for the end', () => {
  expect(clockTicks(20 * 60_000)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18].map((minutes) => minutes * 60_000));
  expect(clockTicks(15_000)).toEqual([0, 2, 4, 6, 8, 10, 12].map((seconds) => seconds * 1000));
  expect(clockTicks(24 * 3_600_000).length).toBeLessThanOrEqual(11);
});

test('folds that are missing take as long as those that were fitted; those beside each other count as one', () => {
  const of = (planned: number, fits: [fromMs: number, toMs: number | null][]) =>
    foldsLeftMs({
      progress: {
        folds: { planned, done: fits.filter(([, toMs]) => toMs !== null).length },
        fits: fits.map(([fromMs, toMs], fold) => ({ worker: 0, fold, fromMs, toMs, value: null })),
      },
    } as unknown as Candidate);
  expect(of(5, [])).toBeNull();
  expect(of(5, [[0, null]])).toBeNull();
  expect(of(5, [[0, 100], [100, 400]])).toBe(600); // prettier-ignore
  expect(of(5, [[0, 100], [0, 300], [100, null], [300, null]])).toBe(400); // prettier-ignore
  expect(of(1, [[0, 100]])).toBeNull();
});

test('a search with a known number of candidates ends by its pace, when that is before the time is up', () => {
  const run = (maxCandidates: number | undefined, done: number) =>
    ({
      request: { search: maxCandidates === undefined ? undefined : { maxCandidates } },
      candidates: [...Array.from({ length: done }, () => ({ state: 'done' })), { state: 'training' }],
    }) as unknown as Parameters<typeof throughAtMs>[0];
  expect(throughAtMs(run(10, 4), 2000, 60_000)).toBe(5000);
  expect(throughAtMs(run(10, 4), 2000, 4000)).toBeNull();
  expect(throughAtMs(run(100, 4), 2000, 60_000)).toBeNull();
  expect(throughAtMs(run(10, 1), 2000, 60_000)).toBeNull();
  expect(throughAtMs(run(undefined, 4), 2000, 60_000)).toBeNull();
});
