import { describe, expect, it } from 'vitest';
import { streamKey } from '../../run/counterRandom.ts';
import { testRandom } from '../../tests/runtimes.ts';
import { batchAugmenter, type BatchAugmentation } from '../index.ts';
import { randomBeta } from './randomBeta.ts';

const shape = { channels: 2, height: 6, width: 8 };
const size = 96;
const settings: BatchAugmentation[] = [
  { kind: 'swapNoise', input: 'features', columns: 4, rate: 0.3 },
  { kind: 'mixup', alpha: 0.4, arrays: ['images', 'targets'] },
  { kind: 'cutmix', alpha: 1, images: 'images', shape, targets: ['targets'] },
];

function batch(rows: number, seed = 5): { features: Float32Array; images: Float32Array; targets: Float32Array } {
  const random = testRandom(seed);
  return {
    features: Float32Array.from({ length: rows * 4 }, (_, at) => 1000 * (at % 4) + random()),
    images: Float32Array.from({ length: rows * size }, random),
    targets: Float32Array.from({ length: rows * 3 }, (_, at) => Number(Math.floor(at / 3) % 3 === at % 3)),
  };
}
const augmented = (step: BatchAugmentation, key: number, rows = 6): ReturnType<typeof batch> => {
  const given = batch(rows);
  batchAugmenter([step])(given, rows, key);
  return given;
};

describe('augmenting batches', () => {
  it.each(settings)('follows from the key: $kind', (each) => {
    expect(augmented(each, 4)).toEqual(augmented(each, 4));
    expect(augmented(each, 4)).not.toEqual(augmented(each, 5));
  });

  it.each<BatchAugmentation>([
    { ...settings[0]!, rate: 0 } as BatchAugmentation,
    { ...settings[1]!, alpha: 0 } as BatchAugmentation,
    { ...settings[2]!, alpha: 0 } as BatchAugmentation,
  ])('changes nothing at strength 0: $kind', (each) => {
    expect(augmented(each, 3)).toEqual(batch(6));
  });

  it('swap noise takes values of the same column from other rows, as often as asked and evenly', () => {
    let replaced = 0;
    const donors = new Map<number, number>();
    for (let trial = 0; trial < 500; trial++) {
      const { features } = augmented(settings[0]!, streamKey(9, trial));
      const before = batch(6).features;
      features.forEach((value, at) => {
        if (value === before[at]) return;
        replaced++;
        const donor = before.findIndex((each, from) => each === value && from % 4 === at % 4);
        expect(donor).toBeGreaterThanOrEqual(0);
        const distance = (Math.floor(donor / 4) - Math.floor(at / 4) + 6) % 6;
        donors.set(distance, (donors.get(distance) ?? 0) + 1);
      });
    }
    expect(replaced / (500 * 24)).toBeCloseTo(0.3, 1);
    expect([...donors.keys()].toSorted()).toEqual([1, 2, 3, 4, 5]);
    for (const count of donors.values()) expect(count / replaced).toBeCloseTo(0.2, 1);
  });

  it('mixup is a blend of partners by one share, targets too', () => {
    for (let trial = 0; trial < 30; trial++) {
      const { images, targets } = augmented(settings[1]!, streamKey(2, trial));
      const before = batch(6);
      // Rows 0 and 5 have the classes 0 and 2.
      const share = targets[0]!;
      expect(targets[2]).toBeCloseTo(1 - share, 6);
      for (let row = 0; row < 6; row++) {
        expect(targets[row * 3]! + targets[row * 3 + 1]! + targets[row * 3 + 2]!).toBeCloseTo(1, 6);
        for (let at = 0; at < size; at++)
          expect(images[row * size + at]).toBeCloseTo(
            share * before.images[row * size + at]! + (1 - share) * before.images[(5 - row) * size + at]!,
            5,
          );
      }
    }
  });

  it('mixup leaves the middle of an odd batch alone', () => {
    const { images } = augmented(settings[1]!, 11, 5);
    expect(images.subarray(2 * size, 3 * size)).toEqual(batch(5).images.subarray(2 * size, 3 * size));
  });

  it('cutmix puts one rectangle of the partner into all channels, targets by area', () => {
    const before = batch(6).images;
    const shares: number[] = [];
    for (let trial = 0; trial < 200; trial++) {
      const { images, targets } = augmented(settings[2]!, streamKey(3, trial));
      const pasted = Array.from({ length: 48 }, (_, at) => at).filter((at) => images[at] !== before[at]);
      const rows = new Set(pasted.map((at) => Math.floor(at / 8)));
      const columns = new Set(pasted.map((at) => at % 8));
      expect(pasted).toHaveLength(rows.size * columns.size);
      for (let row = 0; row < 6; row++)
        for (let channel = 0; channel < 2; channel++)
          for (let at = 0; at < 48; at++) {
            const from = pasted.includes(at) ? 5 - row : row;
            expect(images[row * size + channel * 48 + at]).toBe(before[from * size + channel * 48 + at]);
          }
      expect(targets[0]).toBeCloseTo(1 - pasted.length / 48, 6);
      shares.push(targets[0]!);
    }
    expect(Math.max(...shares)).toBeGreaterThan(0.95);
    // Half sides are whole pixels: of 6 × 8 pixels at most 4 × 6 are pasted.
    expect(Math.min(...shares)).toBeCloseTo(0.5, 6);
  });

  it.each([0.2, 0.4, 1, 3])('Beta(%d, same) has mean ½ and variance 1 / (4 (2α + 1))', (alpha) => {
    const draws = Array.from({ length: 20_000 }, (_, at) => randomBeta(alpha, streamKey(8, at)));
    const mean = draws.reduce((sum, each) => sum + each, 0) / draws.length;
    const variance = draws.reduce((sum, each) => sum + (each - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1);
    expect(draws.every((each) => each >= 0 && each <= 1)).toBe(true);
  });

  it.each<[BatchAugmentation, RegExp]>([
    [{ kind: 'swapNoise', input: 'features', columns: 4, rate: 2 }, /swapNoise.rate/],
    [{ kind: 'swapNoise', input: 'absent', columns: 4, rate: 0.1 }, /swapNoise.input.*absent/],
    [{ kind: 'mixup', alpha: -1, arrays: ['images'] }, /mixup.alpha/],
    [{ kind: 'mixup', alpha: 1, arrays: [] }, /mixup.arrays/],
    [{ kind: 'cutmix', alpha: 1, images: 'images', shape: { ...shape, width: 7 }, targets: [] }, /cutmix.shape/],
  ])('refuses %j', (each, message) => {
    expect(() => augmented(each, 1)).toThrow(message);
  });
});
