import { describe, expect, it } from 'vitest';
import { edgeRows, randomEnsemble, type RandomSettings } from '../testing/randomEnsemble.ts';
import { layOutLanes } from './laneLayout.ts';
import { layOut } from './layout.ts';
import { scoreReference } from './reference.ts';
import { TreeScorer } from './TreeScorer.ts';

const kinds: Record<string, Omit<RandomSettings, 'seed'>> = {
  'numbers only': { categorical: 0 },
  'numbers and categories': {},
  'categories only': { categorical: 1 },
  '5,000 categories': { categories: 5000, trees: 5, leaves: 12 },
  'stumps and single leaves': { leaves: 2, trees: 61 },
  'boosting of 3 outputs': { outputs: 3, trees: 33 },
  'forest of one output': { aggregate: 'mean' },
  'forest of 5 outputs': { outputs: 5, valueWidth: 5, aggregate: 'mean' },
  'mean of trees that take turns': { outputs: 2, trees: 10, aggregate: 'mean' },
  'deep trees': { leaves: 1000, trees: 3, features: 3 },
  'small and large trees': { leaves: 400, trees: 14, features: 4, thresholds: 100 },
  '253 categories': { categories: 253, trees: 14, leaves: 12, thresholds: 200 },
  'more thresholds than a byte has': { trees: 40, leaves: 100, categorical: 0, features: 2 },
  'many features': { features: 300, trees: 10 },
  'one tree': { trees: 1 },
  'no tree': { trees: 0, outputs: 2 },
};

describe('the fast scorer', () => {
  it.each(Object.entries(kinds))('equals the plain one to the last bit: %s', (_, settings) => {
    for (let seed = 1; seed <= 3; seed++) {
      const ensemble = randomEnsemble({ seed, ...settings });
      const scorer = new TreeScorer(ensemble);
      for (const rows of [1, 2, 13, 32, 61, 512, 545]) {
        const features = edgeRows(ensemble, rows, seed + rows);
        expect(scorer.score(features, rows)).toEqual(scoreReference(ensemble, features, rows));
      }
      for (let row = 0; row < 40; row++) {
        const features = edgeRows(ensemble, 1, row + 1);
        expect(scorer.score(features, 1)).toEqual(scoreReference(ensemble, features, 1));
      }
    }
  });

  it('gives the same whatever it scored before', () => {
    const ensemble = randomEnsemble({ seed: 9, outputs: 2, trees: 12 });
    const scorer = new TreeScorer(ensemble);
    const features = edgeRows(ensemble, 21, 1);
    const first = scorer.score(features, 21);
    scorer.score(edgeRows(ensemble, 600, 2), 600);
    expect(scorer.score(features, 21)).toEqual(first);
    expect(scorer.score(features.subarray(0, 6), 1)).toEqual(first.slice(0, 2));
  });

  it('takes columns as bytes where they fit, trees of few leaves through them', () => {
    const takes = (settings: Omit<RandomSettings, 'seed'>) => layOutLanes(randomEnsemble({ seed: 3, ...settings }))?.trees.map(Boolean);
    expect(new Set(takes(kinds['numbers and categories']!))).toEqual(new Set([true]));
    expect(new Set(takes(kinds['small and large trees']!))).toEqual(new Set([true, false]));
    expect(takes(kinds['253 categories']!)).toBeDefined();
    expect(takes(kinds['5,000 categories']!)).toBeUndefined();
    expect(takes(kinds['more thresholds than a byte has']!)).toBeUndefined();
  });

  it('hands trees that are too large for it to the plain one', () => {
    const ensemble = randomEnsemble({ seed: 2, trees: 1, leaves: 90_000, features: 4000, categorical: 0 });
    expect(ensemble.trees[0]!.feature.length).toBeGreaterThan(40_000);
    expect(layOut(ensemble)).toBeUndefined();
    const features = edgeRows(ensemble, 3, 1);
    expect(new TreeScorer(ensemble).score(features, 3)).toEqual(scoreReference(ensemble, features, 3));
  });

  it('refuses features of another width', () => {
    expect(() => new TreeScorer(randomEnsemble({ seed: 1 })).score(new Float32Array(5), 1)).toThrow('5 numbers are not 1 rows of 6');
  });
});
