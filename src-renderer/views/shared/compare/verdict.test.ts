import { describe, expect, test } from 'vitest';
import { differing, primaryFirst, rangeAroundZero, verdictOf, type ComparedMetric } from './verdict.ts';

const estimate = (value: number, low: number | null = null, high: number | null = null) => ({ value, low, high, rows: 100 });
const metric = (name: ComparedMetric['metric'], verdict: ComparedMetric['verdict']): ComparedMetric => ({
  metric: name,
  a: estimate(0.8),
  b: estimate(0.8),
  difference: estimate(0),
  verdict,
});

describe('verdictOf', () => {
  test.each([
    [['better', 'noProvenDifference'], 'better'],
    [['noProvenDifference', 'better'], 'aside'],
    [['worse', 'noProvenDifference'], 'worse'],
    [['better', 'worse'], 'mixed'],
    [['noProvenDifference', 'noProvenDifference'], 'none'],
  ] as const)('%j is %s', (verdicts, kind) => {
    expect(verdictOf({ metrics: [metric('auc', verdicts[0]), metric('f1', verdicts[1])], a: { primaryMetric: 'auc' } }).kind).toBe(kind);
  });

  test('names the metrics on each side', () => {
    expect(
      verdictOf({ metrics: [metric('auc', 'better'), metric('f1', 'worse'), metric('logLoss', 'better')], a: { primaryMetric: 'auc' } }),
    ).toMatchObject({
      better: ['auc', 'logLoss'],
      worse: ['f1'],
    });
  });
});

test('the axis of a difference has zero in the middle and room for the whole interval', () => {
  const [low, high] = rangeAroundZero(estimate(-0.01, -0.03, 0.002));
  expect(low).toBe(-high);
  expect(low).toBeLessThan(-0.03);
  expect(rangeAroundZero(estimate(0, null, null))).toEqual([-1, 1]);
});

test('the main metric comes first, the rest keeps its order', () => {
  const names = primaryFirst([metric('accuracy', 'better'), metric('auc', 'better'), metric('f1', 'better')], 'auc').map(
    (one) => one.metric,
  );
  expect(names).toEqual(['auc', 'accuracy', 'f1']);
});

test('differing keeps what is not the same on both sides, also where one side has nothing', () => {
  expect(
    differing([
      { a: '1', b: '1' },
      { a: '1', b: '2' },
      { a: null, b: '2' },
    ]),
  ).toEqual([
    { a: '1', b: '2' },
    { a: null, b: '2' },
  ]);
});
