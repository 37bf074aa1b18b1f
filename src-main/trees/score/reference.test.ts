import { describe, expect, it } from 'vitest';
import type { TreeEnsemble } from '../ensemble.ts';
import { neighbour, randomEnsemble } from '../testing/randomEnsemble.ts';
import { scoreExactly, scoreReference } from './reference.ts';

/** x0 ≤ 0.5 ? (x1 ∈ {2, 5} ? 1 : 2) : 4, missing x0 right, missing x1 left. */
const ensemble: TreeEnsemble = {
  featureCount: 2,
  outputCount: 1,
  valueWidth: 1,
  baseScores: Float64Array.of(10),
  trees: [
    {
      feature: Int32Array.of(0, 1, -1, -1, -1),
      threshold: Float32Array.of(0.5, 0, 0, 0, 0),
      categories: Int32Array.of(-1, 0, -1, -1, -1),
      missingLeft: Uint8Array.of(0, 1, 0, 0, 0),
      left: Int32Array.of(1, 2, -1, -1, -1),
      right: Int32Array.of(4, 3, -1, -1, -1),
      value: Float32Array.of(0, 0, 1, 2, 4),
      cover: Float64Array.of(10, 6, 4, 2, 4),
      gain: Float64Array.of(3, 1, 0, 0, 0),
    },
  ],
  categorySets: [Int32Array.of(2, 5)],
  categorical: Uint8Array.of(0, 1),
  aggregate: 'sum',
};

describe('the plain scorer', () => {
  it.each([
    [0.5, 5, 11],
    [neighbour(0.5, 1), 5, 14],
    [-Infinity, 3, 12],
    [0, NaN, 11],
    [NaN, 2, 14],
    [0, 2.5, 12],
    [0, -1, 12],
    [0, 1e10, 12],
  ])('takes x0 = %s, x1 = %s to %s', (x0, x1, score) => {
    expect([...scoreReference(ensemble, Float32Array.of(x0, x1), 1)]).toEqual([score]);
  });

  it('gives tree t to output t % outputs, and the mean of a forest to all', () => {
    const [tree] = ensemble.trees;
    const row = Float32Array.of(0, 2);
    const boosted: TreeEnsemble = { ...ensemble, outputCount: 2, baseScores: Float64Array.of(10, 20), trees: [tree!, tree!, tree!, tree!] };
    expect([...scoreReference(boosted, row, 1)]).toEqual([12, 22]);
    const forest = { ...ensemble, aggregate: 'mean' as const, trees: [tree!, tree!, tree!] };
    expect([...scoreReference(forest, row, 1)]).toEqual([11]);
  });

  it('adds in float32, the exact one in float64', () => {
    const random = randomEnsemble({ seed: 3, trees: 300, categorical: 0 });
    const row = new Float32Array(6);
    const [rounded, exact] = [scoreReference(random, row, 1)[0]!, scoreExactly(random, row, 1)[0]!];
    expect(rounded).toBe(Math.fround(rounded));
    expect(exact).not.toBe(rounded);
    expect(Math.abs(exact - rounded)).toBeLessThan(1e-4);
  });
});
