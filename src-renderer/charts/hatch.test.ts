import { expect, test } from 'vitest';
import { hatchLines } from './hatch.ts';

test('every line of a hatch stays inside its rectangle and is diagonal', () => {
  const [x, y, width, height] = [10, 20, 37, 11];
  const lines = hatchLines(x, y, width, height);
  expect(lines.length).toBeGreaterThan(5);
  for (const [x1, y1, x2, y2] of lines) {
    expect(Math.min(x1, x2)).toBeGreaterThanOrEqual(x);
    expect(Math.max(x1, x2)).toBeLessThanOrEqual(x + width);
    expect(Math.min(y1, y2)).toBeGreaterThanOrEqual(y - 1e-9);
    expect(Math.max(y1, y2)).toBeLessThanOrEqual(y + height + 1e-9);
    expect(x2 - x1).toBeCloseTo(y1 - y2);
  }
});

test('an empty rectangle has no lines', () => {
  expect(hatchLines(0, 0, 0, 0)).toEqual([]);
});
