import { expect, test } from 'vitest';
import { ManualClock } from './clock.ts';
import { counterRandom, timeOrderedIds } from './random.ts';

test('ids sort in the order of making, also within a millisecond and when the clock goes back', () => {
  const clock = new ManualClock();
  const ids = timeOrderedIds(clock);
  const made: string[] = [];
  for (let i = 0; i < 300; i++) {
    made.push(ids.next('run'));
    if (i % 100 === 99) clock.advance(i === 199 ? -50 : 1);
  }
  expect(made).toEqual(made.toSorted());
  expect(new Set(made).size).toBe(300);
  expect(made[0]).toMatch(/^run_[0-9A-HJKMNP-TV-Z]{26}$/);
});

test('ids of two processes differ', () => {
  const clock = new ManualClock();
  expect(timeOrderedIds(clock).next('a')).not.toBe(timeOrderedIds(clock).next('a'));
});

test('a random stream depends on the seed and can be continued from its position', () => {
  const first = counterRandom(7);
  const values = Array.from({ length: 100 }, () => first.next());
  const again = counterRandom(7, 40);
  expect(Array.from({ length: 60 }, () => again.next())).toEqual(values.slice(40));
  expect(counterRandom(8).next()).not.toBe(values[0]);
});

test('random numbers are uniform and normal enough', () => {
  const random = counterRandom(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[random.integer(10)]!++;
  // χ² with 9 degrees of freedom: 27.9 is its 0.999 quantile.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  const normals = Array.from({ length: 100_000 }, () => random.normal());
  const mean = normals.reduce((sum, value) => sum + value, 0) / normals.length;
  const variance = normals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normals.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.02);
});

test('shuffle keeps every item and reaches every place', () => {
  const random = counterRandom(3);
  const places = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const items = random.shuffle([0, 1, 2, 3, 4]);
    expect(items.toSorted()).toEqual([0, 1, 2, 3, 4]);
    places.add(items.indexOf(0));
  }
  expect(places.size).toBe(5);
});
