import { randomUnit } from '../../run/counterRandom.ts';
import { refuseSetting, type ImageShape, type RowAugmenter } from '../augmentation.ts';
import { reflect } from './reflect.ts';

export interface ShiftSettings {
  readonly kind: 'shift';
  /** Most pixels to move along each axis; below the image's height and width. */
  readonly pixels: number;
}

/**
 * Moves an image by −pixels to +pixels along each axis, every distance equally likely; what comes in mirrors the border.
 * The same as padding by reflection and cropping at a random place: He et al. 2015, https://arxiv.org/abs/1512.03385 §4.2.
 */
export function shift({ pixels }: ShiftSettings, { channels, height, width }: ImageShape): RowAugmenter {
  if (!Number.isSafeInteger(pixels) || pixels < 0 || pixels >= Math.min(height, width))
    refuseSetting('shift.pixels', pixels, `a whole number from 0 to ${Math.min(height, width) - 1}`);
  const before = new Float32Array(channels * height * width);
  const columns = new Int32Array(width);
  return (image, key) => {
    const down = Math.floor(randomUnit(key, 0) * (2 * pixels + 1)) - pixels;
    const right = Math.floor(randomUnit(key, 1) * (2 * pixels + 1)) - pixels;
    if (down === 0 && right === 0) return;
    before.set(image);
    for (let column = 0; column < width; column++) columns[column] = reflect(column - right, width);
    for (let channel = 0, to = 0; channel < channels; channel++)
      for (let row = 0; row < height; row++) {
        const from = (channel * height + reflect(row - down, height)) * width;
        for (let column = 0; column < width; column++) image[to++] = before[from + columns[column]!]!;
      }
  };
}
