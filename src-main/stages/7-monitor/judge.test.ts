import { describe, expect, test } from 'vitest';
import type { Estimate } from '../../../src-shared/domain/names.ts';
import type { Reference } from '../../../src-shared/domain/training.ts';
import { monitorSettings } from '../../../src-shared/rpc/monitor.ts';
import type { Counts } from '../6-serve/api.ts';
import { judgeColumns, judgePerformance, judgeTraffic } from './judge.ts';

const settings = monitorSettings.parse({});
const reference: Reference = {
  columns: [{ name: 'x', kind: 'numeric', rows: 10_000, nullRate: 0.02, edges: [1, 2, 3], values: null, shares: [0.25, 0.25, 0.25, 0.25] }],
  prediction: {
    name: 'prediction',
    kind: 'categorical',
    rows: 2000,
    nullRate: 0,
    edges: null,
    values: ['no', 'yes', 'other'],
    shares: [0.5, 0.5, 0],
  },
  rows: 10_000,
  test: {},
};
const judge = (
  bins: number[],
  missing = 0,
  prediction = [50, 50, 0],
  changed: Partial<typeof settings> = {},
): ReturnType<typeof judgeColumns> => {
  const known = bins.reduce((sum, count) => sum + count, 0);
  const counts: Counts = {
    columns: [{ name: 'x', rows: known + missing, missing, unseen: null, bins }],
    prediction: { name: 'prediction', rows: prediction.reduce((sum, count) => sum + count, 0), missing: 0, unseen: 0, bins: prediction },
  };
  return judgeColumns(reference, counts, { ...settings, ...changed });
};
const states = ({ checks }: ReturnType<typeof judgeColumns>): string[] => checks.map(({ kind, state }) => `${kind} ${state}`);

describe('judgeColumns', () => {
  test('calls the same distribution ok and a shifted one critical', () => {
    expect(judge([250, 250, 250, 250], 20).columns[0]).toMatchObject({ verdict: 'ok' });
    expect(judge([50, 100, 250, 600], 20).columns[0]).toMatchObject({ verdict: 'critical' });
    expect(judge([170, 230, 270, 330], 20).columns[0]).toMatchObject({ verdict: 'ok' });
    expect(judge([140, 200, 270, 390], 20).columns[0]).toMatchObject({ verdict: 'watch' });
  });

  test('gives no verdict below the number of rows that was asked for', () => {
    const { columns, checks } = judge([0, 0, 0, 99], 0, [99, 0, 0]);
    expect(columns[0]).toMatchObject({ verdict: 'tooFewRows', psi: null });
    expect(checks).toEqual([]);
  });

  test('a window of a hundred rows needs more than the limit, because chance alone may give as much', () => {
    const shifted = [15, 20, 25, 40];
    const scaled = shifted.map((count) => count * 100);
    expect(judge(scaled, 0, [50, 50, 0], { psiLimit: 0.1 }).columns[0]!.verdict).toBe('critical');
    expect(judge(shifted, 0, [50, 50, 0], { psiLimit: 0.1 }).columns[0]!.verdict).not.toBe('critical');
  });

  test('a surge of missing values is an alarm of its own, while the values that remain have not moved', () => {
    const { columns, checks } = judge([220, 220, 220, 220], 120);
    expect(columns[0]).toMatchObject({ verdict: 'critical', nullRateReference: 0.02 });
    expect(checks.filter(({ state }) => state === 'over').map(({ kind, column }) => [kind, column])).toEqual([['nullRate', 'x']]);
    expect(states(judge([245, 245, 245, 245], 20))).toContain('nullRate calm');
  });

  test('all values missing leaves no index, and is an alarm', () => {
    expect(judge([0, 0, 0, 0], 500).columns[0]).toMatchObject({ psi: null, nullRate: 1, verdict: 'critical', shares: [0, 0, 0, 0] });
  });

  test('a shift of the answers is told apart from that of a column', () => {
    expect(states(judge([250, 250, 250, 250], 20, [900, 100, 0]))).toEqual(['psi calm', 'nullRate calm', 'predictionShift over']);
  });

  test('between calm and over an alert neither opens nor closes', () => {
    expect(states(judge([125, 190, 270, 415], 20))[0]).toBe('psi between');
  });
});

describe('judgePerformance', () => {
  const estimate = (value: number, half: number, rows = 1000): Estimate => ({ value, low: value - half, high: value + half, rows });
  test.each([
    ['accuracy', estimate(0.9, 0.01), estimate(0.91, 0.02), 'ok', 'calm'],
    ['accuracy', estimate(0.9, 0.01), estimate(0.8, 0.02), 'critical', 'over'],
    ['accuracy', estimate(0.9, 0.01), estimate(0.83, 0.08), 'ok', 'between'],
    ['rmse', estimate(100, 5), estimate(104, 4), 'ok', 'calm'],
    ['rmse', estimate(100, 5), estimate(140, 8), 'critical', 'over'],
  ] as const)('%s: %j against %j is %s', (metric, reference_, current, verdict, state) => {
    const judged = judgePerformance(metric, reference_, current, 1000, settings)!;
    expect([judged.performance.verdict, judged.check!.state]).toEqual([verdict, state]);
  });

  test('says that truth is missing or scarce', () => {
    expect(judgePerformance('accuracy', estimate(0.9, 0.01), undefined, 0, settings)).toMatchObject({
      performance: { verdict: 'noTruth' },
      check: null,
    });
    expect(judgePerformance('accuracy', estimate(0.9, 0.01), estimate(0.1, 0.1), 50, settings)).toMatchObject({
      performance: { verdict: 'tooFewRows' },
      check: null,
    });
    expect(judgePerformance('accuracy', undefined, estimate(0.9, 0.1), 500, settings)).toBeNull();
  });
});

test('judgeTraffic looks at error rate and slowness once there are enough requests', () => {
  expect(judgeTraffic({ requests: 99, errors: 99, p99Ms: 1e6 }, settings)).toEqual([]);
  expect(judgeTraffic({ requests: 1000, errors: 60, p99Ms: 5 }, settings).map(({ kind, state }) => [kind, state])).toEqual([
    ['errorRate', 'over'],
    ['latency', 'calm'],
  ]);
  expect(judgeTraffic({ requests: 1000, errors: 45, p99Ms: 1500 }, settings).map(({ state }) => state)).toEqual(['between', 'over']);
});
