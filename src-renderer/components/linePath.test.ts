import { expect, test } from 'vitest';
import { areaOf, extentOf, pathOf, placePoints, runsOf } from './linePath.ts';

const frame = { width: 100, height: 20, inset: 0 };

test('a missing value breaks the line into runs', () => {
  const runs = runsOf(placePoints([0, 1, null, NaN, 1], [0, 1], frame));
  expect(runs).toEqual([
    [
      [0, 20],
      [25, 0],
    ],
    [[100, 0]],
  ]);
});

test('a flat line stands in the middle, an empty one draws nothing', () => {
  expect(placePoints([5, 5], extentOf([5, 5]), frame).map((point) => point?.[1])).toEqual([10, 10]);
  expect(pathOf([])).toBe('');
  expect(areaOf([], 20)).toBe('');
  expect(extentOf([null])).toEqual([0, 1]);
});

test('the area closes at the bottom', () => {
  expect(areaOf([[0, 5], [10, 0]], 20)).toBe('M0.0,5.0L10.0,0.0L10.0,20.0L0.0,20.0Z'); // prettier-ignore
});
