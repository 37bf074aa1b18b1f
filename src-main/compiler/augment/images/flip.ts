import { randomUnit } from '../../run/counterRandom.ts';
import { requireRange, type ImageShape, type RowAugmenter } from '../augmentation.ts';

export interface FlipSettings {
  readonly kind: 'flip';
  /** Probability of a mirror image, left for right. Default 0. */
  readonly horizontal?: number;
  /** Probability of turning the image upside down. Default 0. */
  readonly vertical?: number;
}

/** Mirrors an image: Krizhevsky, Sutskever & Hinton, ImageNet classification, NIPS 2012, §4.1. */
export function flip({ horizontal = 0, vertical = 0 }: FlipSettings, { height, width }: ImageShape): RowAugmenter {
  requireRange('flip.horizontal', horizontal, 0, 1);
  requireRange('flip.vertical', vertical, 0, 1);
  return (image, key) => {
    if (randomUnit(key, 0) < horizontal)
      for (let start = 0; start < image.length; start += width) image.subarray(start, start + width).reverse();
    if (randomUnit(key, 1) < vertical) {
      const plane = height * width;
      for (let start = 0; start < image.length; start += plane)
        for (let top = start, bottom = start + plane - width; top < bottom; top += width, bottom -= width)
          for (let column = 0; column < width; column++) {
            const above = image[top + column]!;
            image[top + column] = image[bottom + column]!;
            image[bottom + column] = above;
          }
    }
  };
}
