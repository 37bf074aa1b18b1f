import { describe, expect, it } from 'vitest';
import { costAt, gain, lift, pointAt, precisionRecall, ratesAt, roc } from './curveShapes.ts';

/** Scores 0.9 (yes), 0.6 (no), 0.4 (yes), 0.2 (no). */
const table = [
  { threshold: null, truePositives: 0, falsePositives: 0, falseNegatives: 2, trueNegatives: 2 },
  { threshold: 0.9, truePositives: 1, falsePositives: 0, falseNegatives: 1, trueNegatives: 2 },
  { threshold: 0.6, truePositives: 1, falsePositives: 1, falseNegatives: 1, trueNegatives: 1 },
  { threshold: 0.4, truePositives: 2, falsePositives: 1, falseNegatives: 0, trueNegatives: 1 },
  { threshold: 0.2, truePositives: 2, falsePositives: 2, falseNegatives: 0, trueNegatives: 0 },
];

describe('curves', () => {
  it('run from corner to corner', () => {
    expect(roc(table)).toEqual([[0, 0], [0, 0.5], [0.5, 0.5], [0.5, 1], [1, 1]]); // prettier-ignore
    expect(gain(table)).toEqual([[0, 0], [0.25, 0.5], [0.5, 0.5], [0.75, 1], [1, 1]]); // prettier-ignore
    expect(lift(table).at(-1)).toEqual([1, 1]);
    expect(lift(table)[0]).toEqual([0.25, 2]);
  });

  it('have no precision without an alarm', () => {
    expect(ratesAt(table[0]!).precision).toBeNull();
    expect(precisionRecall(table)).toEqual([[0.5, 1], [0.5, 0.5], [1, 2 / 3], [1, 0.5]]); // prettier-ignore
  });

  it('take the counts of a threshold between two scores from the higher one', () => {
    expect(pointAt(table, 0.5).threshold).toBe(0.6);
    expect(pointAt(table, 0.4).threshold).toBe(0.4);
    expect(pointAt(table, 0.95).threshold).toBeNull();
    expect(pointAt(table, 0).threshold).toBe(0.2);
  });

  it('cost by row', () => {
    expect(costAt(table[2]!, { truePositive: -4, falsePositive: 1, falseNegative: 10, trueNegative: 0 })).toBe((-4 + 1 + 10) / 4);
  });
});
