import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../src-shared/domain/training.ts';
import { budgetKey, overlaps, ranked, sharedRange, simplestAsGood, splitRows } from './leaderboard.ts';

const estimate = (value: number, half: number | null = 0.01) => ({
  value,
  low: half === null ? null : value - half,
  high: half === null ? null : value + half,
  rows: 100,
});
const candidate = (
  id: string,
  value: number | null,
  { half = 0.01, sizeBytes = 1000, learner = 'mlp' as Candidate['learner'] } = {},
): Candidate => ({
  id,
  runId: 'r',
  learner,
  settings: {},
  state: 'done',
  validation: value === null ? {} : { auc: estimate(value, half), logLoss: estimate(1 - value, half) },
  test: {},
  sha256: null,
  sizeBytes,
  trainMs: 1,
  predictMs: null,
  parity: null,
  curve: [],
  progress: null,
});
const ids = (list: readonly Candidate[]): string[] => list.map(({ id }) => id);

describe('the order', () => {
  const all = [candidate('a', 0.7), candidate('waiting', null), candidate('b', 0.9), candidate('c', 0.8)];
  test('follows the direction of the metric, and puts what has no figure last', () => {
    expect(ids(ranked(all, 'auc', 'validation'))).toEqual(['b', 'c', 'a', 'waiting']);
    expect(ids(ranked(all, 'logLoss', 'validation'))).toEqual(['b', 'c', 'a', 'waiting']);
  });
  test('is the order of arrival without a metric', () => {
    expect(ids(ranked(all, null, 'validation'))).toEqual(['a', 'waiting', 'b', 'c']);
    expect(ids(ranked(all, 'auc', 'test'))).toEqual(['a', 'waiting', 'b', 'c']);
  });
});

test('one scale holds every interval with a margin', () => {
  const [low, high] = sharedRange([estimate(0.8, 0.05), undefined, estimate(0.9, null)])!;
  expect(low).toBeLessThan(0.75);
  expect(high).toBeGreaterThan(0.9);
  expect(sharedRange([undefined])).toBeNull();
  const same = sharedRange([estimate(0.5, null)])!;
  expect(same[1]).toBeGreaterThan(same[0]);
});

test('intervals overlap or not; without one nothing is claimed', () => {
  expect(overlaps(estimate(0.8), estimate(0.815))).toBe(true);
  expect(overlaps(estimate(0.8), estimate(0.9))).toBe(false);
  expect(overlaps(estimate(0.8, null), estimate(0.8))).toBe(false);
});

describe('the simplest that is as good', () => {
  test('is a clearly smaller file whose interval overlaps the best', () => {
    const order = [
      candidate('net', 0.86, { sizeBytes: 90_000 }),
      candidate('linear', 0.855, { sizeBytes: 5000 }),
      candidate('poor', 0.6, { sizeBytes: 100 }),
    ];
    expect(simplestAsGood(order, 'auc', 'validation')?.id).toBe('linear');
  });
  test('is nobody when the best is the smallest, or only a baseline is smaller', () => {
    expect(simplestAsGood([candidate('linear', 0.86, { sizeBytes: 10 }), candidate('net', 0.855)], 'auc', 'validation')).toBeNull();
    expect(
      simplestAsGood([candidate('net', 0.51), candidate('base', 0.5, { sizeBytes: 10, learner: 'baseline' })], 'auc', 'validation'),
    ).toBeNull();
  });
});

test('a budget is put into words by its length', () => {
  expect([1000, 15_000, 60_000, 120_000, 300_000, 1_200_000, 3_600_000].map(budgetKey)).toEqual([
    'glance',
    'glance',
    'quick',
    'quick',
    'thorough',
    'thorough',
    'long',
  ]);
});

test('the parts of a holdout add up', () => {
  expect(splitRows(7043, { validationFraction: 0.15, testFraction: 0.2 })).toEqual({ train: 4578, validation: 1056, test: 1409 });
});
