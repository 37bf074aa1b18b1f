import { expect, test } from 'vitest';
import { decimalsOf, keepApart, niceRange, timeLabel } from './axes.ts';

test('ranges end at round numbers and hold the data', () => {
  expect(niceRange(0.798, 0.861)).toEqual({ min: 0.78, max: 0.88, interval: 0.02 });
  expect(niceRange(1.05, 1.18)).toEqual({ min: 1.05, max: 1.2, interval: 0.05 });
  expect(niceRange(0, 9)).toEqual({ min: 0, max: 10, interval: 5 });
  expect(niceRange(0, 14.2)).toEqual({ min: 0, max: 15, interval: 5 });
});

test('a single value gets room around it', () => {
  const { min, max } = niceRange(5, 5);
  expect(min).toBeLessThan(5);
  expect(max).toBeGreaterThan(5);
});

test('labels have as many decimals as the step needs', () => {
  expect([0.02, 0.05, 5, 0.25, 2.5, 100, 0.1].map(decimalsOf)).toEqual([2, 2, 0, 2, 1, 0, 1]);
});

test('time labels follow the span: days, or the clock with the day where it changes', () => {
  const at = (hours: number) => new Date(2026, 10, 24, hours, 30).getTime();
  expect(timeLabel(at(9), 10 * 86_400_000, 'en')).toBe('24 Nov');
  expect(timeLabel(at(9), 3_600_000, 'en')).toBe('09:30');
  expect(timeLabel(new Date(2026, 10, 24).getTime(), 86_400_000, 'zh')).toBe('11-24');
});

test('labels that would overlap are pushed apart and keep their order', () => {
  const [b = 0, a = 0, c = 0] = keepApart([50, 48, 90], 14);
  expect(b - a).toBeGreaterThanOrEqual(13.9);
  expect(c).toBe(90);
});
