import { describe, expect, test } from 'vitest';
import { counterRandom } from '../../platform/random.ts';
import { chiSquareQuantile, normalQuantile, psi, psiNoise } from './psi.ts';

describe('psi', () => {
  test('equals the formula worked out by hand', () => {
    // 50/30/20 of 100 against 40/40/20 of 1,000, smoothed by half a count.
    const a = [50.5, 30.5, 20.5].map((count) => count / 101.5);
    const e = [400.5, 400.5, 200.5].map((count) => count / 1001.5);
    const expected = a.reduce((sum, share, bin) => sum + (share - e[bin]!) * Math.log(share / e[bin]!), 0);
    expect(psi([50, 30, 20], [400, 400, 200])).toBeCloseTo(expected, 12);
    expect(psi([50, 30, 20], [400, 400, 200])).toBeCloseTo(0.04977, 3);
  });

  test('is zero for equal shares, symmetric in shares, and finite for empty bins', () => {
    expect(psi([10, 20, 30], [10, 20, 30])).toBe(0);
    expect(psi([10, 20, 70], [50, 30, 20])).toBeCloseTo(psi([50, 30, 20], [10, 20, 70]), 12);
    expect(psi([0, 1000, 0], [500, 0, 500])).toBeGreaterThan(5);
    expect(Number.isFinite(psi([0, 0], [0, 0]))).toBe(true);
  });

  test('chance alone exceeds the noise about as often as it should', () => {
    const random = counterRandom(11);
    const bins = 10;
    const draw = (rows: number): number[] => {
      const counts = new Array<number>(bins).fill(0);
      for (let row = 0; row < rows; row++) counts[random.integer(bins)]!++;
      return counts;
    };
    for (const [rows, alpha] of [
      [200, 0.05],
      [1000, 0.05],
      [1000, 0.01],
    ] as const) {
      const noise = psiNoise(rows, 5000, bins, alpha);
      let exceeded = 0;
      for (let trial = 0; trial < 2000; trial++) if (psi(draw(rows), draw(5000)) > noise) exceeded++;
      expect(exceeded / 2000).toBeLessThan(2 * alpha);
      expect(exceeded / 2000).toBeGreaterThan(alpha / 3);
    }
  });
});

test.each([
  [0.5, 0],
  [0.975, 1.959964],
  [0.01, -2.326348],
  [0.999, 3.090232],
  [0.9999, 3.719016],
])('normal quantile of %d is %d', (probability, quantile) => {
  expect(normalQuantile(probability)).toBeCloseTo(quantile, 5);
});

test.each([
  [0.99, 1, 6.6349],
  [0.99, 9, 21.666],
  [0.999, 9, 27.877],
  [0.95, 29, 42.557],
  [0.9995, 9, 29.666],
])('χ² quantile of %d with %d degrees is %d, within 2 %%', (probability, degrees, quantile) => {
  expect(Math.abs(chiSquareQuantile(probability, degrees) / quantile - 1)).toBeLessThan(0.02);
});
