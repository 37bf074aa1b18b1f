import { expect, test } from 'vitest';
import { waterfallBars } from './waterfallBars.ts';

test('bars meet: each part starts where the one before ended, and an unexplained rest is shown', () => {
  const bars = waterfallBars({ name: 'Usual', value: 1146 }, [{ name: 'Upgrades', change: -69 }, { name: 'Visits', change: -7 }], { name: 'Now', value: 1050 }, 'Rest'); // prettier-ignore
  expect(bars.map(({ name }) => name)).toEqual(['Usual', 'Upgrades', 'Visits', 'Rest', 'Now']);
  expect(bars[3]).toMatchObject({ from: 1070, to: 1050 });
});

test('rounding of a sum makes no rest', () => {
  const bars = waterfallBars({ name: 'a', value: 0.1 }, [{ name: 'b', change: 0.2 }], { name: 'c', value: 0.3 }, 'Rest');
  expect(bars).toHaveLength(3);
});
