import { describe, expect, it } from 'vitest';
import { streamKey } from '../../run/counterRandom.ts';
import { columnDeviations, tableAugmenter } from '../index.ts';

describe('noise on table rows', () => {
  it('scales to each column, leaves columns of deviation 0, and follows from the key', () => {
    const augment = tableAugmenter([{ kind: 'columnNoise', strength: 0.5, deviations: [2, 0, 10] }], 3);
    const rows = Array.from({ length: 5000 }, (_, row) => {
      const values = Float32Array.of(1, 2, 3);
      augment(values, streamKey(1, row));
      return values;
    });
    const spread = (column: number): number =>
      Math.sqrt(rows.reduce((sum, row) => sum + (row[column]! - (column + 1)) ** 2, 0) / rows.length);
    expect(spread(0)).toBeCloseTo(1, 1);
    expect(spread(1)).toBe(0);
    expect(spread(2) / 5).toBeCloseTo(1, 1);
    const again = Float32Array.of(1, 2, 3);
    augment(again, streamKey(1, 42));
    expect(again).toEqual(rows[42]);
  });

  it('changes nothing at strength 0, and keeps missing values missing', () => {
    const values = Float32Array.of(1, NaN);
    tableAugmenter([{ kind: 'columnNoise', strength: 0, deviations: [1, 1] }], 2)(values, 3);
    expect(values).toEqual(Float32Array.of(1, NaN));
    tableAugmenter([{ kind: 'columnNoise', strength: 1, deviations: [1, 1] }], 2)(values, 3);
    expect(values[1]).toBeNaN();
  });

  it('measures the deviation of columns, missing values aside', () => {
    expect(columnDeviations(Float32Array.of(1, 5, NaN, 3, 5, NaN, 5, 5, NaN, NaN, 5, NaN), 3)).toEqual([Math.sqrt(8 / 3), 0, 0]);
  });

  it('refuses deviations that do not fit the columns', () => {
    expect(() => tableAugmenter([{ kind: 'columnNoise', strength: 1, deviations: [1] }], 2)).toThrow(/2 numbers/);
    expect(() => tableAugmenter([{ kind: 'columnNoise', strength: 1, deviations: [1, -1] }], 2)).toThrow(/deviations\[1\]/);
  });
});
