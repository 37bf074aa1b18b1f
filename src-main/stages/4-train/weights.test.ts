import { describe, expect, it } from 'vitest';
import type { Target } from '../3-features/api.ts';
import { checkObjective, primaryMetric } from './objective.ts';
import { rowWeights, type WeightInput } from './weights.ts';

const target: Target = { kind: 'class', classes: ['a', 'b', 'c'], codes: Int32Array.from([0, 0, 0, 1, 0, 1]) };
const all = Int32Array.from([0, 1, 2, 3, 4, 5]);
const input: WeightInput = { classWeights: 'none', given: null, column: null, target, rows: all, rowNumbers: all };

describe('row weights', () => {
  it('are none where nothing is asked for', () => {
    expect(rowWeights(input)).toBeNull();
  });

  it('give every class the same in all when balanced', () => {
    const weights = rowWeights({ ...input, classWeights: 'balanced' })!;
    expect([...weights]).toEqual([0.75, 0.75, 0.75, 1.5, 0.75, 1.5]);
  });

  it('are those of the column, by row number, with mean 1', () => {
    const given = Float64Array.from([9, 1, 3, 0, 9, 9]);
    const weights = rowWeights({ ...input, given, column: 'w', rows: Int32Array.from([0, 1, 2]), rowNumbers: Int32Array.from([1, 2, 3]) })!;
    expect([...weights].map((each) => Number(each.toFixed(6)))).toEqual([0.75, 2.25, 0]);
    const balanced = rowWeights({ ...input, classWeights: 'balanced', given: Float64Array.from([1, 2, 1, 8, 0, 4]), column: 'w' })!;
    expect(balanced[3]! + balanced[5]!).toBeCloseTo(3, 5);
    expect(balanced[1]! / balanced[0]!).toBeCloseTo(2, 5);
  });

  it.each([
    [Number.NaN, '–'],
    [-1, -1],
    [Infinity, Infinity],
  ])('of %s are refused with column and row', (weight, value) => {
    const given = Float64Array.from([1, 1, 1, 1, weight, 1]);
    expect(() => rowWeights({ ...input, given, column: 'w' })).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_WEIGHT', params: { column: 'w', row: 4, value } }),
    );
  });

  it('that are all zero are refused', () => {
    expect(() => rowWeights({ ...input, given: new Float64Array(6), column: 'w' })).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_WEIGHTS_ZERO' }),
    );
  });
});

describe('objectives', () => {
  it('have the metric that their answer is best in', () => {
    expect(primaryMetric('regression', { kind: 'squared' })).toBe('rmse');
    expect(primaryMetric('regression', { kind: 'quantile', level: 0.05 })).toBe('pinball5');
    expect(primaryMetric('regression', { kind: 'quantile', level: 0.5 })).toBe('mae');
    expect(primaryMetric('regression', { kind: 'gamma' })).toBe('poissonDeviance');
    expect(primaryMetric('binary', { kind: 'squared' })).toBe('auc');
  });

  it('refuse values that they have no likelihood for, naming column and row', () => {
    const values: Target = { kind: 'number', values: Float64Array.from([3, 0, -2]) };
    const asked = { target: values, rows: Int32Array.from([0, 1, 2]), rowNumbers: Int32Array.from([10, 11, 12]), column: 'claims' };
    expect(() => checkObjective({ kind: 'poisson' }, asked)).toThrow(
      expect.objectContaining({
        code: 'MK_TRAIN_TARGET_VALUE',
        params: { objective: 'poisson', column: 'claims', row: 12, value: -2, needed: '≥ 0' },
      }),
    );
    expect(() => checkObjective({ kind: 'gamma' }, asked)).toThrow(
      expect.objectContaining({ params: expect.objectContaining({ row: 11 }) }),
    );
    checkObjective({ kind: 'absolute' }, asked);
    expect(() => checkObjective({ kind: 'absolute' }, { ...asked, target })).toThrow(
      expect.objectContaining({ code: 'MK_TRAIN_OBJECTIVE_TASK' }),
    );
  });
});
