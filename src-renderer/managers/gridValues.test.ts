import { expect, test } from 'vitest';
import { searchPlan } from '../../src-shared/domain/training.ts';
import { gridKey, gridOf, gridSize, readGrid, usualGrid, usualTexts } from './gridValues.ts';

test('values are read as people write them, each once', () => {
  expect(readGrid('0.03, 0.1,0.1')).toEqual([0.03, 0.1]);
  expect(readGrid(' 5，15、45 ')).toEqual([5, 15, 45]);
  expect(readGrid('uniform, true, 1e-3, ')).toEqual(['uniform', true, 0.001]);
  expect(readGrid(' , ')).toEqual([]);
});

test('the usual texts give the usual grid, and the contract takes it', () => {
  const grid = gridOf(['boosting', 'baseline', 'linear'], usualTexts());
  expect(grid).toEqual({ boosting: usualGrid.boosting, linear: usualGrid.linear });
  expect(searchPlan.parse({ method: 'grid', grid })).toEqual({ method: 'grid', grid });
});

test('a setting without a value is not searched', () => {
  const texts = { ...usualTexts(), [gridKey('linear', 'l1Ratio')]: ' ' };
  expect(gridOf(['linear'], texts)).toEqual({});
});

test('every combination counts, and a learner without a grid once', () => {
  expect(gridSize(['boosting', 'baseline'], { boosting: { learningRate: [0.1, 0.2], numLeaves: [7, 15, 31] } })).toBe(7);
});
