import { expect, test } from 'vitest';
import type { MetricPoint } from '../../managers/advise.svelte.ts';
import { seriesLines, stateOf } from './series.ts';

const day = 86_400_000;
const names = { actual: 'actual', expected: 'expected', outside: 'outside' };
const point = (index: number, change: Partial<MetricPoint> = {}): MetricPoint => ({
  at: Date.UTC(2026, 0, 1) + index * day,
  value: 10,
  expected: 9,
  low: 7,
  high: 11,
  anomaly: false,
  ...change,
});

test('a series that was not analysed is one line', () => {
  const lines = seriesLines(
    [point(0, { expected: null, low: null, high: null }), point(1, { expected: null, low: null, high: null })],
    names,
  );
  expect(lines.map(({ name }) => name)).toEqual(['actual']);
});

test('a missing value stays missing, and what stands out is marked on the line', () => {
  const lines = seriesLines([point(0), point(1, { value: null }), point(2, { value: 20, anomaly: true })], names);
  expect(lines.map(({ name }) => name)).toEqual(['expected', 'actual', 'outside']);
  expect(lines[1]?.points.map(([, y]) => y)).toEqual([10, null, 20]);
  expect(lines[2]?.points.map(([, y]) => y)).toEqual([20]);
  expect(lines[0]?.band).toHaveLength(3);
});

test('the band is drawn only where it is known', () => {
  const lines = seriesLines([point(0, { expected: null, low: null, high: null }), point(1), point(2)], names);
  expect(lines[0]?.band?.map(([, low]) => low)).toEqual([7, 7]);
});

test('the newest period is over, under or as usual, or nothing is known', () => {
  expect(stateOf(null)).toBe('unknown');
  expect(stateOf(point(0, { value: null }))).toBe('noValue');
  expect(stateOf(point(0, { expected: null }))).toBe('unknown');
  expect(stateOf(point(0, { value: 30, anomaly: true }))).toBe('above');
  expect(stateOf(point(0, { value: 1, anomaly: true }))).toBe('below');
  expect(stateOf(point(0))).toBe('within');
});
