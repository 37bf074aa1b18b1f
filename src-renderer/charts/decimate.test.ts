import { expect, test } from 'vitest';
import { decimate } from './decimate.ts';

const x = Array.from({ length: 10_000 }, (_, index) => index);

test('a single spike among ten thousand points survives, and so do both ends', () => {
  const y = x.map((index) => (index === 7777 ? 99 : Math.sin(index / 50)));
  const kept = decimate(x, y, 200);
  expect(kept.x.length).toBeLessThanOrEqual(200 * 5);
  expect(Math.max(...(kept.y as number[]))).toBe(99);
  expect([kept.x[0], kept.x.at(-1)]).toEqual([0, 9999]);
  expect(kept.x).toEqual([...kept.x].sort((a, b) => a - b));
});

test('a gap stays a gap', () => {
  const y = x.map((index) => (index > 4000 && index < 4200 ? null : 1));
  expect(decimate(x, y, 100).y).toContain(null);
});

test('few points are left alone', () => {
  expect(decimate([1, 2, 3], [4, null, 6], 100)).toEqual({ x: [1, 2, 3], y: [4, null, 6] });
});
