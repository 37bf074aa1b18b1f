import { describe, expect, it } from 'vitest';
import { numericBin } from '../../../src-shared/domain/reference.ts';
import { counterRandom } from '../../platform/random.ts';
import { categoricalReference, numericReference } from './reference.ts';

describe('a reference', () => {
  it('has ten bins of equal share for continuous numbers', () => {
    const random = counterRandom(1);
    const { edges, shares, nullRate } = numericReference(
      'x',
      Float64Array.from({ length: 5000 }, () => Math.fround(random.normal())),
    );
    expect(edges).toHaveLength(9);
    for (const share of shares) expect(share).toBeCloseTo(0.1, 3);
    expect(nullRate).toBe(0);
  });

  it('counts missing numbers aside, and bins a new value as monitoring will', () => {
    const { edges, shares, nullRate, rows } = numericReference('x', Float64Array.of(1, 2, 3, 4, 5, NaN, NaN, Infinity));
    expect({ nullRate, rows }).toEqual({ nullRate: 3 / 8, rows: 8 });
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(numericBin(edges!, 100)).toBe(shares.length - 1);
    expect(numericBin(edges!, -100)).toBe(0);
  });

  it('separates the two values of a flag and sees the end of a constant', () => {
    expect(numericReference('flag', Float64Array.of(0, 0, 0, 1))).toMatchObject({ edges: [1], shares: [0.75, 0.25] });
    expect(
      numericReference(
        'rare',
        Float64Array.from({ length: 100 }, (_, row) => Number(row === 0)),
      ),
    ).toMatchObject({ edges: [1], shares: [0.99, 0.01] });
    const constant = numericReference('c', Float64Array.of(7, 7, 7));
    expect(constant).toMatchObject({ edges: [7], shares: [0, 1] });
    expect(numericBin(constant.edges!, 6)).toBe(0);
  });

  it('lists the thirty most frequent values and puts the rest under the last', () => {
    const texts = Array.from({ length: 40 }, (_, value) => Array<string>(41 - value).fill(`v${value}`)).flat();
    const { values, shares } = categoricalReference('c', [...texts, '']);
    expect(values).toHaveLength(31);
    expect([values![0], values![29], values![30]]).toEqual(['v0', 'v29', 'other']);
    expect(shares[30]).toBeCloseTo(texts.filter((text) => Number(text.slice(1)) >= 30).length / texts.length, 12);
  });
});
