import { describe, expect, it } from 'vitest';
import type { TreeEnsemble } from '../ensemble.ts';
import { summarizeContributions } from './contributionSummary.ts';
import { featureImportance } from './importance.ts';
import { TreeExplainer } from './TreeExplainer.ts';

/** x0 ≤ 0 ? −1 : (x1 ≤ 5 ? 1 : 3), and x0 ≤ 2 ? −1 : 1 (missing right); feature 2 is never tested. */
const ensemble: TreeEnsemble = {
  featureCount: 3,
  outputCount: 1,
  valueWidth: 1,
  baseScores: new Float64Array(1),
  trees: [
    {
      feature: Int32Array.of(0, -1, 1, -1, -1),
      threshold: Float32Array.of(0, 0, 5, 0, 0),
      categories: new Int32Array(5).fill(-1),
      missingLeft: new Uint8Array(5),
      left: Int32Array.of(1, -1, 3, -1, -1),
      right: Int32Array.of(2, -1, 4, -1, -1),
      value: Float32Array.of(0, -1, 0, 1, 3),
      cover: Float64Array.of(10, 4, 6, 3, 3),
      gain: Float64Array.of(7, 0, 2, 0, 0),
    },
    {
      feature: Int32Array.of(0, -1, -1),
      threshold: Float32Array.of(2, 0, 0),
      categories: new Int32Array(3).fill(-1),
      missingLeft: new Uint8Array(3),
      left: Int32Array.of(1, -1, -1),
      right: Int32Array.of(2, -1, -1),
      value: Float32Array.of(0, -1, 1),
      cover: Float64Array.of(10, 5, 5),
      gain: Float64Array.of(4, 0, 0),
    },
  ],
  categorySets: [],
  categorical: new Uint8Array(3),
  aggregate: 'sum',
};

describe('importance of features', () => {
  it('sums gains, splits and covers', () => {
    const { gain, splits, cover } = featureImportance(ensemble);
    expect([...gain]).toEqual([11, 2, 0]);
    expect([...splits]).toEqual([2, 1, 0]);
    expect([...cover]).toEqual([20, 6, 0]);
  });

  it('summarizes contributions, the weightiest feature first', () => {
    const features = Float32Array.of(-1, 0, 9, 1, 9, 9, 3, 0, 9, NaN, 9, 9);
    const explanation = new TreeExplainer(ensemble).explain(features, 4);
    const summary = summarizeContributions(ensemble, explanation, features);
    expect(summary.map(({ feature }) => feature)).toEqual([0, 1, 2]);
    const [first, , unused] = summary;
    expect(first!.direction).toBeGreaterThan(0.8);
    expect(first!.whenMissing).toBe(explanation.contributions[9]);
    expect(first!.most).toBe(Math.max(...[0, 3, 6, 9].map((at) => explanation.contributions[at]!)));
    expect(unused).toEqual({ feature: 2, output: 0, meanAbsolute: 0, least: 0, most: 0, direction: 0, whenMissing: undefined });
  });

  it('of no rows is nothing', () => {
    const none = { expected: new Float64Array(1), contributions: new Float64Array(0) };
    expect(summarizeContributions(ensemble, none, new Float32Array(0))[0]).toMatchObject({ meanAbsolute: 0, least: 0, most: 0 });
  });
});
