import { describe, expect, it } from 'vitest';
import { streamKey } from '../../run/counterRandom.ts';
import { testRandom } from '../../tests/runtimes.ts';
import type { ImageShape } from '../augmentation.ts';
import { imageAugmenter, type ImageAugmentation } from '../index.ts';
import { transform } from './affine.ts';
import { reflect } from './reflect.ts';

const colour: ImageShape = { channels: 3, height: 9, width: 12 };
const size = (shape: ImageShape): number => shape.channels * shape.height * shape.width;
const picture = (shape: ImageShape, seed = 3): Float32Array => {
  const random = testRandom(seed);
  return Float32Array.from({ length: size(shape) }, random);
};
const augmented = (settings: ImageAugmentation, key: number, shape = colour, image = picture(shape)): Float32Array => {
  const copy = image.slice();
  imageAugmenter([settings], shape)(copy, key);
  return copy;
};
const keys = (count: number): number[] => Array.from({ length: count }, (_, row) => streamKey(7, row));
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, each) => sum + each, 0) / values.length;

const idle: ImageAugmentation[] = [
  { kind: 'flip' },
  { kind: 'shift', pixels: 0 },
  { kind: 'affine' },
  { kind: 'color' },
  { kind: 'imageNoise', deviation: 0 },
  { kind: 'cutout', size: 0 },
  { kind: 'erase', probability: 0 },
];
const strong: ImageAugmentation[] = [
  { kind: 'flip', horizontal: 0.5, vertical: 0.5 },
  { kind: 'shift', pixels: 4 },
  { kind: 'affine', rotationDegrees: 30, scale: 1.3 },
  { kind: 'color', brightness: 0.4, contrast: 0.4, saturation: 0.4 },
  { kind: 'imageNoise', deviation: 0.1 },
  { kind: 'cutout', size: 4 },
  { kind: 'erase', probability: 1 },
];

describe('augmenting images', () => {
  it.each(idle)('changes no bit at strength 0: $kind', (settings) => {
    for (const key of keys(20)) expect(augmented(settings, key)).toEqual(picture(colour));
  });

  it.each(strong)('follows from the key alone, whatever came before: $kind', (settings) => {
    const augment = imageAugmenter([settings], colour);
    const once = keys(10).map((key) => augmented(settings, key));
    const backwards = keys(10)
      .reverse()
      .map((key) => {
        const image = picture(colour);
        augment(image, key);
        return image;
      })
      .reverse();
    expect(backwards).toEqual(once);
    expect(new Set(once.map((each) => each.join())).size).toBeGreaterThan(settings.kind === 'flip' ? 2 : 8);
    for (const each of once) expect(each.every((value) => Number.isFinite(value))).toBe(true);
  });

  it.each<[ImageAugmentation, RegExp]>([
    [{ kind: 'flip', horizontal: 1.1 }, /flip.horizontal/],
    [{ kind: 'shift', pixels: 9 }, /shift.pixels.*0 to 8/],
    [{ kind: 'shift', pixels: 1.5 }, /shift.pixels/],
    [{ kind: 'affine', rotationDegrees: -1 }, /rotationDegrees/],
    [{ kind: 'affine', scale: 0.9 }, /affine.scale/],
    [{ kind: 'color', contrast: NaN }, /color.contrast/],
    [{ kind: 'imageNoise', deviation: -0.1 }, /imageNoise.deviation/],
    [{ kind: 'cutout', size: -2 }, /cutout.size/],
    [{ kind: 'erase', probability: 0.5, area: [0.5, 0.1] }, /erase.area/],
    [{ kind: 'erase', probability: 0.5, aspect: 0 }, /erase.aspect/],
  ])('refuses %j', (settings, message) => {
    expect(() => imageAugmenter([settings], colour)).toThrow(message);
  });

  it('refuses saturation of grey images', () => {
    expect(() => imageAugmenter([{ kind: 'color', saturation: 0.1 }], { ...colour, channels: 1 })).toThrow(/saturation.*1 channels/);
  });

  it('flips are mirror images, as often as asked', () => {
    const image = picture(colour);
    const mirrored = plain(colour, (channel, row, column) => [channel, row, colour.width - 1 - column], image);
    const upsideDown = plain(colour, (channel, row, column) => [channel, colour.height - 1 - row, column], image);
    expect(augmented({ kind: 'flip', horizontal: 1 }, 5)).toEqual(mirrored);
    expect(augmented({ kind: 'flip', vertical: 1 }, 5)).toEqual(upsideDown);
    const flipped = keys(2000).filter((key) => augmented({ kind: 'flip', horizontal: 0.3 }, key)[0] !== image[0]);
    expect(flipped.length / 2000).toBeCloseTo(0.3, 1);
  });

  it('shifts by every distance equally often, with a mirrored border', () => {
    const image = picture(colour);
    const counts = new Map<string, number>();
    const all = new Map<string, string>();
    for (let down = -1; down <= 1; down++)
      for (let right = -1; right <= 1; right++) {
        const place = (channel: number, row: number, column: number): [number, number, number] => [
          channel,
          reflect(row - down, colour.height),
          reflect(column - right, colour.width),
        ];
        all.set(plain(colour, place, image).join(), `${down} ${right}`);
      }
    for (const key of keys(1800)) {
      const move = all.get(augmented({ kind: 'shift', pixels: 1 }, key).join())!;
      counts.set(move, (counts.get(move) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual([...all.values()].toSorted());
    // 200 expected, standard deviation 13.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('mirrors places beyond a border without repeating it', () => {
    expect([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6].map((at) => reflect(at, 4))).toEqual([3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
    expect(reflect(-5, 1)).toBe(0);
  });

  it('turning by a quarter moves each pixel to its place, scaling by 2 reads between pixels', () => {
    const square: ImageShape = { channels: 2, height: 5, width: 5 };
    const image = picture(square);
    const turned = new Float32Array(image.length);
    transform(image, turned, square, 0, 1);
    // [[0, 1], [−1, 0]]: to(x, y) = from(y, −x) about the centre.
    const expected = plain(square, (channel, row, column) => [channel, 4 - column, row], image);
    turned.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 6));

    const ramp = Float32Array.from({ length: 25 }, (_, at) => 0.1 * (at % 5) + 0.02 * Math.floor(at / 5));
    const larger = new Float32Array(25);
    transform(ramp, larger, { channels: 1, height: 5, width: 5 }, 0.5, 0);
    larger.forEach((value, at) => expect(value).toBeCloseTo(0.1 * (((at % 5) - 2) / 2 + 2) + 0.02 * ((Math.floor(at / 5) - 2) / 2 + 2), 6));
  });

  it('rotation and scale stay within their limits and have no direction on average', () => {
    // Values that are the coordinates tell where each pixel was read.
    const shape: ImageShape = { channels: 2, height: 41, width: 41 };
    const places = Float32Array.from({ length: size(shape) }, (_, at) => (at < 1681 ? at % 41 : Math.floor((at - 1681) / 41)) - 20);
    const found = keys(400).map((key) => {
      const image = augmented({ kind: 'affine', rotationDegrees: 20, scale: 1.25 }, key, shape, places);
      // Five pixels right of the centre: away from the border.
      const at = 20 * 41 + 25;
      const [x, y] = [image[at]!, image[1681 + at]!];
      return { angle: (Math.atan2(-y, x) * 180) / Math.PI, scale: 5 / Math.hypot(x, y) };
    });
    const angles = found.map(({ angle }) => angle);
    const scales = found.map(({ scale }) => Math.log(scale));
    expect(Math.max(...angles)).toBeLessThanOrEqual(20.001);
    expect(Math.min(...angles)).toBeGreaterThanOrEqual(-20.001);
    expect(Math.max(...angles) - Math.min(...angles)).toBeGreaterThan(38);
    expect(Math.abs(mean(angles))).toBeLessThan(2.5);
    expect(Math.max(...scales)).toBeLessThanOrEqual(Math.log(1.25) + 1e-4);
    expect(Math.min(...scales)).toBeGreaterThanOrEqual(-Math.log(1.25) - 1e-4);
    expect(Math.abs(mean(scales))).toBeLessThan(0.03);
  });

  it('brightness, contrast and saturation are the blends of the definition', () => {
    const shape = { channels: 3, height: 4, width: 4 };
    // Far from 0 and 1, so that nothing is clipped.
    const image = picture(shape).map((each) => 0.4 + 0.2 * each);
    const grey = (pixels: Float32Array, pixel: number): number =>
      0.299 * pixels[pixel]! + 0.587 * pixels[16 + pixel]! + 0.114 * pixels[32 + pixel]!;
    const meanGrey = mean(Array.from({ length: 16 }, (_, pixel) => grey(image, pixel)));
    for (const key of keys(50)) {
      const bright = augmented({ kind: 'color', brightness: 0.5 }, key, shape, image);
      const factor = bright[0]! / image[0]!;
      expect(factor).toBeGreaterThanOrEqual(0.5 - 1e-6);
      expect(factor).toBeLessThanOrEqual(1.5 + 1e-6);
      bright.forEach((each, at) => expect(each).toBeCloseTo(factor * image[at]!, 5));
      const contrast = augmented({ kind: 'color', contrast: 0.5 }, key, shape, image);
      const spread = (contrast[0]! - meanGrey) / (image[0]! - meanGrey);
      contrast.forEach((each, at) => expect(each).toBeCloseTo(meanGrey + spread * (image[at]! - meanGrey), 5));
      const saturated = augmented({ kind: 'color', saturation: 0.5 }, key, shape, image);
      for (let pixel = 0; pixel < 16; pixel++) expect(grey(saturated, pixel)).toBeCloseTo(grey(image, pixel), 5);
    }
    const factors = keys(2000).map((key) => augmented({ kind: 'color', brightness: 0.5 }, key, shape, image)[0]! / image[0]!);
    expect(mean(factors)).toBeCloseTo(1, 1);
    const clipped = keys(200).map((key) => augmented({ kind: 'color', brightness: 1, contrast: 1 }, key));
    for (const each of clipped) expect(each.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('noise has mean 0 and the deviation asked for', () => {
    const flat = new Float32Array(size(colour));
    const all = keys(100).flatMap((key) => [...augmented({ kind: 'imageNoise', deviation: 0.2 }, key, colour, flat)]);
    expect(Math.abs(mean(all))).toBeLessThan(0.005);
    expect(Math.sqrt(mean(all.map((each) => each * each)))).toBeCloseTo(0.2, 2);
    // Neighbours come from one pair: they must not lean on each other.
    const product = mean(Array.from({ length: all.length >> 1 }, (_, at) => all[2 * at]! * all[2 * at + 1]!));
    expect(Math.abs(product / 0.04)).toBeLessThan(0.03);
  });

  it('cutout blanks a square about any pixel', () => {
    const ones = new Float32Array(size(colour)).fill(1);
    const hits = new Float64Array(colour.height * colour.width);
    for (const key of keys(3000)) {
      const cut = augmented({ kind: 'cutout', size: 3 }, key, colour, ones);
      const blank = Array.from({ length: hits.length }, (_, at) => at).filter((at) => cut[at] === 0);
      expect(blank.length).toBeLessThanOrEqual(9);
      expect(blank.length).toBeGreaterThanOrEqual(4);
      for (const at of blank) hits[at]!++;
      for (const channel of [1, 2])
        expect(cut.subarray(channel * hits.length, (channel + 1) * hits.length)).toEqual(cut.subarray(0, hits.length));
    }
    // A pixel away from the border is hit by 9 of 108 centres.
    const inner = hits[4 * colour.width + 6]!;
    expect(inner / 3000).toBeCloseTo(9 / 108, 1);
  });

  it('erased rectangles have the areas and shapes asked for, and as often', () => {
    const shape: ImageShape = { channels: 1, height: 40, width: 40 };
    const ones = new Float32Array(1600).fill(1);
    let erased = 0;
    for (const key of keys(1000)) {
      const image = augmented({ kind: 'erase', probability: 0.6, area: [0.05, 0.2], aspect: 0.5, fill: -1 }, key, shape, ones);
      const places = Array.from({ length: 1600 }, (_, at) => at).filter((at) => image[at] === -1);
      if (places.length === 0) continue;
      erased++;
      const rows = new Set(places.map((at) => Math.floor(at / 40)));
      const columns = new Set(places.map((at) => at % 40));
      expect(places).toHaveLength(rows.size * columns.size);
      expect(places.length / 1600).toBeGreaterThan(0.04);
      expect(places.length / 1600).toBeLessThan(0.22);
      expect(rows.size / columns.size).toBeGreaterThan(0.4);
      expect(rows.size / columns.size).toBeLessThan(2.5);
    }
    expect(erased / 1000).toBeCloseTo(0.6, 1);
  });

  it('steps of one kind draw apart from each other', () => {
    const image = picture(colour);
    const twice = imageAugmenter(
      [
        { kind: 'flip', horizontal: 0.5 },
        { kind: 'flip', horizontal: 0.5 },
      ],
      colour,
    );
    const same = keys(1000).filter((key) => {
      const copy = image.slice();
      twice(copy, key);
      return copy[0] === image[0];
    });
    expect(same.length / 1000).toBeCloseTo(0.5, 1);
  });
});

/** The image whose every pixel is read at another place. */
function plain(
  { channels, height, width }: ImageShape,
  placeOf: (channel: number, row: number, column: number) => [number, number, number],
  image: Float32Array,
): Float32Array {
  const result = new Float32Array(image.length);
  for (let channel = 0, at = 0; channel < channels; channel++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++, at++) {
        const [fromChannel, fromRow, fromColumn] = placeOf(channel, row, column);
        result[at] = image[(fromChannel * height + fromRow) * width + fromColumn]!;
      }
  return result;
}
