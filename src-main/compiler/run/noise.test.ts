import { describe, expect, it } from 'vitest';
import { streamKey } from './counterRandom.ts';
import { fillNormal } from './noise.ts';

const count = 1_000_000;
const drawn = (key: number): Float64Array => {
  const noise = new Float64Array(count);
  fillNormal(noise, { offset: 0, scale: 1 }, key);
  return noise;
};

describe('fillNormal', () => {
  it('follows the normal distribution function, far out too: each bin within five deviations', () => {
    const edges = [-4, -3.442619855899, -3, ...Array.from({ length: 41 }, (_, at) => -2 + at / 10), 3, 3.442619855899, 4];
    for (const key of [streamKey(1), streamKey(2, 7)]) {
      const counts = new Float64Array(edges.length + 1);
      for (const each of drawn(key)) {
        const at = edges.findIndex((edge) => each < edge);
        counts[at < 0 ? edges.length : at]!++;
      }
      counts.forEach((found, bin) => {
        const share = below(edges[bin] ?? Infinity) - below(edges[bin - 1] ?? -Infinity);
        expect(Math.abs(found - count * share), `bin ${bin}`).toBeLessThan(5 * Math.sqrt(count * share) + 1);
      });
    }
  });

  it('has mean 0, variance 1, no skew and kurtosis 3; neighbours are uncorrelated', () => {
    const values = drawn(streamKey(3));
    const mean = (of: (value: number, at: number) => number): number => values.reduce((sum, each, at) => sum + of(each, at), 0) / count;
    // Deviations of these means are 1, √2, √15 and √96 thousandths.
    expect(Math.abs(mean((each) => each))).toBeLessThan(0.005);
    expect(Math.abs(mean((each) => each ** 2) - 1)).toBeLessThan(0.0075);
    expect(Math.abs(mean((each) => each ** 3))).toBeLessThan(0.02);
    expect(Math.abs(mean((each) => each ** 4) - 3)).toBeLessThan(0.05);
    expect(Math.abs(mean((each, at) => each * (values[at + 1] ?? 0)))).toBeLessThan(0.005);
  });

  it('gives number n for key and n alone, scaled and shifted', () => {
    const [some, more] = [new Float32Array(100), new Float32Array(5000)];
    fillNormal(some, { offset: 3, scale: 0.5 }, streamKey(4));
    fillNormal(more, { offset: 3, scale: 0.5 }, streamKey(4));
    expect(more.subarray(0, 100)).toEqual(some);
    expect(Math.abs(more.reduce((sum, each) => sum + each, 0) / 5000 - 3)).toBeLessThan(0.05);
  });
});

/** Distribution function by Simpson's rule. */
function below(x: number): number {
  if (!Number.isFinite(x)) return x > 0 ? 1 : 0;
  const cells = 2000;
  let sum = 0;
  for (let at = 0; at <= cells; at++) {
    const factor = at === 0 || at === cells ? 1 : at % 2 === 1 ? 4 : 2;
    sum += factor * Math.exp(-0.5 * ((x * at) / cells) ** 2);
  }
  return 0.5 + (sum * x) / cells / 3 / Math.sqrt(2 * Math.PI);
}
