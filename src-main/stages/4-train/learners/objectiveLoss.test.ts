import { describe, expect, it } from 'vitest';
import type { LearnerTask } from './learner.ts';
import { halfDeviance, objectiveLoss, pinball } from './objectiveLoss.ts';

const number = (objective: Extract<LearnerTask, { kind: 'number' }>['objective']): LearnerTask => ({ kind: 'number', objective });
const values = { kind: 'number', values: Float64Array.of(1, 4) } as const;

describe('the loss of an objective', () => {
  it('is what its name says', () => {
    expect(objectiveLoss([2, 2], values, number({ kind: 'squared' }))).toBe(2.5);
    expect(objectiveLoss([2, 2], values, number({ kind: 'absolute' }))).toBe(1.5);
    expect(objectiveLoss([2, 2], values, number({ kind: 'huber', delta: 1 }))).toBe((0.5 + 1.5) / 2);
    expect(objectiveLoss([0, 2, 0, 2], values, number({ kind: 'quantile', levels: [0.1, 0.9] }))).toBeCloseTo(
      (0.1 + 0.1 + 0.4 + 1.8) / 2,
      12,
    );
    expect(pinball(-2, 0.9)).toBeCloseTo(0.2, 12);
    expect(objectiveLoss([0, 0], { kind: 'class', codes: Int32Array.of(1), classes: 2 }, { kind: 'class', classes: 2 })).toBeCloseTo(
      Math.LN2,
      12,
    );
    expect(objectiveLoss([0, 0], { kind: 'labels', flags: Uint8Array.of(1, 0), labels: 2 }, { kind: 'labels', labels: 2 })).toBeCloseTo(
      2 * Math.LN2,
      12,
    );
  });

  it('weighs rows, and leaves out those of weight 0', () => {
    expect(objectiveLoss([2, 2], values, number({ kind: 'squared' }), Float32Array.of(3, 1))).toBe(7 / 4);
    expect(objectiveLoss([NaN, 2], values, number({ kind: 'squared' }), Float32Array.of(0, 1))).toBe(4);
  });

  it('is half the unit deviance of counts: scikit-learn 1.9.1, mean_tweedie_deviance of one row', () => {
    // mean_tweedie_deviance([3], [2], power=p) / 2
    expect(halfDeviance(2, 3, 1)).toBeCloseTo(0.216395324324493, 12);
    expect(halfDeviance(2, 3, 2)).toBeCloseTo(0.09453489189183562, 12);
    expect(halfDeviance(2, 3, 1.5)).toBeCloseTo(0.142864581589967, 12);
    expect(halfDeviance(2, 0, 1)).toBe(2);
    expect(halfDeviance(2, 0, 1.5)).toBeCloseTo(2 * Math.SQRT2, 12);
  });
});
