import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../platform/random.ts';
import { drawSettings, gridOf, placesOf, settingsAt, type SearchSpace } from './searchSpace.ts';

const space: SearchSpace = [
  { name: 'rate', kind: 'log', low: 1e-4, high: 1 },
  { name: 'depth', kind: 'integer', low: 2, high: 6 },
  { name: 'booster', kind: 'choice', values: ['trees', 'linear'] },
  { name: 'leaves', kind: 'integer', low: 1, high: 1000, log: true, when: { name: 'booster', is: ['trees'] } },
  { name: 'sizes', kind: 'choice', values: [[8], [8, 4]], when: { name: 'booster', is: ['linear'] } },
  { name: 'share', kind: 'linear', low: 0.5, high: 1 },
];

describe('a search space', () => {
  it('draws values inside the ends, the same for the same seed', () => {
    const random = counterRandom(3);
    for (let at = 0; at < 300; at++) {
      const settings = drawSettings(space, random);
      expect(settings['rate']).toBeGreaterThanOrEqual(1e-4);
      expect(settings['rate']).toBeLessThanOrEqual(1);
      expect([2, 3, 4, 5, 6]).toContain(settings['depth']);
      expect('leaves' in settings).toBe(settings['booster'] === 'trees');
      expect('sizes' in settings).toBe(settings['booster'] === 'linear');
    }
    expect(drawSettings(space, counterRandom(9))).toEqual(drawSettings(space, counterRandom(9)));
  });

  it('spreads logarithmic dimensions evenly over magnitudes', () => {
    const random = counterRandom(5);
    const draws = Array.from({ length: 2000 }, () => drawSettings(space, random));
    const below = draws.filter((each) => (each['rate'] as number) < 1e-2).length;
    expect(Math.abs(below / 2000 - 0.5)).toBeLessThan(0.05);
    const leaves = draws.flatMap((each) => (each['leaves'] === undefined ? [] : [each['leaves'] as number]));
    const small = leaves.filter((each) => each < 32).length;
    expect(Math.abs(small / leaves.length - 0.5)).toBeLessThan(0.05);
  });

  it('finds the place of settings again', () => {
    const random = counterRandom(7);
    for (let at = 0; at < 100; at++) {
      const settings = drawSettings(space, random);
      expect(
        settingsAt(
          space,
          placesOf(space, settings).map((place) => place ?? 0.5),
        ),
      ).toEqual(settings);
    }
    expect(placesOf(space, { rate: 100, depth: 'deep' })).toEqual([1, null, null, null, null, null]);
  });

  it('makes a grid of active combinations only', () => {
    const grid = gridOf(space, 2);
    // rate 2 × depth 2 × (trees × leaves 2 + linear × sizes 2) × share 2
    expect(grid).toHaveLength(32);
    expect(grid.every((each) => (each['booster'] === 'trees') === 'leaves' in each)).toBe(true);
    expect(new Set(grid.map((each) => JSON.stringify(each))).size).toBe(32);
  });
});
