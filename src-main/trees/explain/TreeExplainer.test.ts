import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { readLightgbm } from '../import/lightgbm.ts';
import { readXgboost } from '../import/xgboost.ts';
import { goesLeft, scoreExactly, treesPerOutput } from '../score/reference.ts';
import { edgeRows, randomEnsemble, type RandomSettings } from '../testing/randomEnsemble.ts';
import { gaussLegendre } from './gaussLegendre.ts';
import { TreeExplainer } from './TreeExplainer.ts';

const kinds: Record<string, Omit<RandomSettings, 'seed'>> = {
  'numbers only': { categorical: 0 },
  'numbers and categories': {},
  'many categories': { categories: 500, categorical: 1 },
  'boosting of 3 outputs': { outputs: 3, trees: 9 },
  'forest of one output': { aggregate: 'mean' },
  'forest of 4 outputs': { outputs: 4, valueWidth: 4, aggregate: 'mean', trees: 5 },
  'stumps and single leaves': { leaves: 2, trees: 40 },
  'one feature': { features: 1, categorical: 0 },
  'no tree': { trees: 0, outputs: 2 },
};

/** Row by row: expected score plus contributions, against the score in float64. */
function expectSums(ensemble: TreeEnsemble, features: Float32Array, rows: number, tolerance: number): void {
  const { featureCount, outputCount } = ensemble;
  const { expected, contributions } = new TreeExplainer(ensemble).explain(features, rows);
  const scores = scoreExactly(ensemble, features, rows);
  scores.forEach((score, place) => {
    const parts = contributions.subarray(place * featureCount, (place + 1) * featureCount);
    const sum = parts.reduce((total, part) => total + part, expected[place % outputCount]!);
    expect(Math.abs(sum - score)).toBeLessThanOrEqual(tolerance);
  });
}

/** Mean score where only the features of `known` (bits) are known: the game that Shapley values share out. */
function meanScore(ensemble: TreeEnsemble, row: Float32Array, known: number, output: number): number {
  const { valueWidth, outputCount } = ensemble;
  const visit = (tree: Tree, node: number, value: number): number => {
    const feature = tree.feature[node]!;
    if (feature < 0) return tree.value[node * valueWidth + value]!;
    const [left, right] = [tree.left[node]!, tree.right[node]!];
    if ((known >> feature) & 1) return visit(tree, goesLeft(ensemble, tree, node, row[feature]!) ? left : right, value);
    const share = tree.cover[left]! / tree.cover[node]!;
    return share * visit(tree, left, value) + (tree.cover[right]! / tree.cover[node]!) * visit(tree, right, value);
  };
  const sum = ensemble.trees.reduce(
    (total, tree, at) => (valueWidth === 1 && at % outputCount !== output ? total : total + visit(tree, 0, valueWidth === 1 ? 0 : output)),
    0,
  );
  return ensemble.baseScores[output]! + (ensemble.aggregate === 'mean' ? sum / treesPerOutput(ensemble) : sum);
}

function byDefinition(ensemble: TreeEnsemble, row: Float32Array, output: number): number[] {
  const count = ensemble.featureCount;
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const bits = (set: number): number => (set === 0 ? 0 : (set & 1) + bits(set >> 1));
  const values = Array.from({ length: 2 ** count }, (_, set) => meanScore(ensemble, row, set, output));
  return Array.from({ length: count }, (_, feature) =>
    values.reduce((sum, value, set) => {
      if ((set >> feature) & 1) return sum;
      const weight = (factorial(bits(set)) * factorial(count - bits(set) - 1)) / factorial(count);
      return sum + weight * (values[set | (1 << feature)]! - value);
    }, 0),
  );
}

describe('exact explanations', () => {
  it.each(Object.entries(kinds))('are the Shapley values of the definition, over all subsets: %s', (_, settings) => {
    for (let seed = 1; seed <= 3; seed++) {
      const ensemble = randomEnsemble({ seed, trees: 6, ...settings });
      const rows = 6;
      const features = edgeRows(ensemble, rows, seed);
      const { featureCount, outputCount } = ensemble;
      const { contributions } = new TreeExplainer(ensemble).explain(features, rows);
      for (let row = 0; row < rows; row++)
        for (let output = 0; output < outputCount; output++) {
          const expected = byDefinition(ensemble, features.subarray(row * featureCount, (row + 1) * featureCount), output);
          const start = (row * outputCount + output) * featureCount;
          expected.forEach((value, feature) => expect(Math.abs(contributions[start + feature]! - value)).toBeLessThanOrEqual(1e-12));
        }
    }
  });

  it.each(Object.entries(kinds))('add up to the score: %s', (_, settings) => {
    for (let seed = 1; seed <= 3; seed++) {
      const ensemble = randomEnsemble({ seed: 40 + seed, ...settings });
      expectSums(ensemble, edgeRows(ensemble, 270, seed), 270, 1e-11);
    }
  });

  it('add up in deep trees over many features too', () => {
    const ensemble = randomEnsemble({ seed: 5, trees: 3, leaves: 1200, features: 60 });
    expectSums(ensemble, edgeRows(ensemble, 20, 1), 20, 1e-11);
  });

  it('take a branch that no training row reached for one of probability 0', () => {
    const ensemble = randomEnsemble({ seed: 8, trees: 4 });
    for (const tree of ensemble.trees)
      tree.left.forEach((left, node) => {
        if (left < 0 || node % 3 > 0) return;
        tree.cover[left] = 0;
        tree.cover[tree.right[node]!] = tree.cover[node]!;
      });
    const features = edgeRows(ensemble, 50, 3);
    expectSums(ensemble, features, 50, 1e-11);
    const { contributions } = new TreeExplainer(ensemble).explain(features, 50);
    expect(contributions.every(Number.isFinite)).toBe(true);
  });

  it('refuse features of another width', () => {
    expect(() => new TreeExplainer(randomEnsemble({ seed: 1 })).explain(new Float32Array(5), 1)).toThrow('5 numbers are not 1 rows of 6');
  });
});

describe('explanations of models of other libraries', () => {
  const folder = join(import.meta.dirname, '../../../test/fixtures/trees');
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const files = [
    'lightgbm-binary.txt',
    'lightgbm-multiclass.txt',
    'lightgbm-poisson.txt',
    'xgboost-binary.json',
    'xgboost-multiclass.json',
  ];
  // LightGBM explains in float64 and knows leaves in float64, XGBoost works in float32.
  it.each(files.map((name) => [name, name.endsWith('.txt') ? 1e-6 : 1e-5] as const))('equal their own: %s', (name, tolerance) => {
    const { ensemble } = (name.endsWith('.txt') ? readLightgbm : readXgboost)(text(name));
    const answer = JSON.parse(text(name.replace(/\.\w+$/, '.rows.json'))) as { rows: (number | null)[][]; contributions: number[][] };
    const features = Float32Array.from(answer.rows.flat(), (value) => value ?? NaN);
    const { expected, contributions } = new TreeExplainer(ensemble).explain(features, answer.rows.length);
    const { featureCount, outputCount } = ensemble;
    answer.contributions.forEach((theirs, row) => {
      for (let output = 0; output < outputCount; output++) {
        const start = (row * outputCount + output) * featureCount;
        const ours = [...contributions.subarray(start, start + featureCount), expected[output]!];
        ours.forEach((value, feature) =>
          expect(Math.abs(value - theirs[output * (featureCount + 1) + feature]!)).toBeLessThanOrEqual(tolerance),
        );
      }
    });
  });
});

describe('Gauss–Legendre points', () => {
  it.each([1, 2, 3, 8, 25, 64])('integrate polynomials exactly: %i points', (count) => {
    const { points, weights } = gaussLegendre(count);
    for (const degree of [0, 1, count, 2 * count - 1]) {
      const sum = points.reduce((total, t, at) => total + weights[at]! * t ** degree, 0);
      expect(sum).toBeCloseTo(1 / (degree + 1), 14);
    }
    expect(Math.min(...points)).toBeGreaterThan(0);
    expect(Math.max(...points)).toBeLessThan(1);
  });
});
