import { describe, expect, it } from 'vitest';
import { fillKeepMask, randomNormal, randomUnit, shuffle, streamKey } from './counterRandom.ts';
import { initialWeights } from './initialWeights.ts';
import { RunLength } from './runLength.ts';

describe('counter random', () => {
  it('is uniform: χ² over 256 bins of 100,000 draws is unremarkable for several streams', () => {
    for (const key of [streamKey(0), streamKey(1), streamKey(1, 2), streamKey(2 ** 40, 3)]) {
      const bins = new Float64Array(256);
      for (let draw = 0; draw < 100_000; draw++) bins[Math.floor(randomUnit(key, draw) * 256)]!++;
      const chiSquared = bins.reduce((sum, count) => sum + (count - 100_000 / 256) ** 2 / (100_000 / 256), 0);
      // 255 degrees of freedom: mean 255, deviation 22.6; five deviations.
      expect(Math.abs(chiSquared - 255)).toBeLessThan(113);
    }
  });

  it('gives neighbouring streams uncorrelated numbers', () => {
    for (const [left, right] of [
      [streamKey(1, 0), streamKey(1, 1)],
      [streamKey(1), streamKey(2)],
      [streamKey(5), streamKey(5 + 2 ** 32)],
    ]) {
      let sum = 0;
      for (let draw = 0; draw < 50_000; draw++) sum += (randomUnit(left!, draw) - 0.5) * (randomUnit(right!, draw) - 0.5);
      // Deviation of the mean of 50,000 products is 1/12/√50,000.
      expect(Math.abs(sum / 50_000)).toBeLessThan(5 / 12 / Math.sqrt(50_000));
    }
  });

  it('draws normal numbers with mean 0, variance 1 and kurtosis 3', () => {
    const key = streamKey(9);
    const values = Float64Array.from({ length: 100_000 }, (_, at) => randomNormal(key, at));
    const moment = (power: number): number => values.reduce((sum, each) => sum + each ** power, 0) / values.length;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(4)).toBeGreaterThan(2.85);
    expect(moment(4)).toBeLessThan(3.15);
  });

  it('shuffles without loss, and each place gets each item equally often', () => {
    const counts = new Float64Array(25);
    for (let epoch = 0; epoch < 20_000; epoch++) {
      const items = Int32Array.of(0, 1, 2, 3, 4);
      shuffle(items, streamKey(3, epoch));
      expect([...items].toSorted()).toEqual([0, 1, 2, 3, 4]);
      items.forEach((item, place) => counts[place * 5 + item]!++);
    }
    // 4,000 expected, deviation 57.
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(285);
  });

  it('keeps 1 − rate of a mask, odd lengths included', () => {
    const mask = new Uint8Array(100_001);
    fillKeepMask(mask, 0.3, streamKey(4));
    const kept = mask.reduce((sum, each) => sum + each, 0) / mask.length;
    expect(Math.abs(kept - 0.7)).toBeLessThan(0.0075);
    const odd = new Uint8Array(3).fill(9);
    fillKeepMask(odd, 0, 1);
    expect([...odd]).toEqual([1, 1, 1]);
  });
});

describe('initialWeights', () => {
  const shapes = { weight: [200, 100], bias: [100] };

  it('draws He or Glorot variance, zeros for biases, the same for the same seed', () => {
    const variance = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, each) => sum + each ** 2, 0) / values.length;
    const he = initialWeights(shapes, 1);
    expect(variance(he['weight']!)).toBeCloseTo(2 / 200, 3);
    expect(variance(initialWeights(shapes, 1, { weight: 'glorot' })['weight']!)).toBeCloseTo(2 / 300, 3);
    expect(he['bias']!.every((each) => each === 0)).toBe(true);
    expect(initialWeights(shapes, 1)).toEqual(he);
    expect(initialWeights(shapes, 2)['weight']).not.toEqual(he['weight']);
  });

  it('does not change a tensor when another is added', () => {
    expect(initialWeights({ extra: [4, 4], ...shapes }, 1)['weight']).toEqual(initialWeights(shapes, 1)['weight']);
  });
});

describe('RunLength', () => {
  it('starts with one batch, grows at most eightfold, and settles where a run lasts the target', () => {
    const length = new RunLength(250);
    expect(length.batches).toBe(1);
    length.record(1, 20);
    expect(length.batches).toBe(8);
    length.record(8, 16);
    expect(length.batches).toBe(64);
    length.record(64, 128);
    expect(length.batches).toBe(125);
    length.record(125, 1250);
    expect(length.batches).toBe(25);
    length.record(25, 100_000);
    expect(length.batches).toBe(1);
    length.record(1, 0);
    expect(length.batches).toBe(8);
  });
});
