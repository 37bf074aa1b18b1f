import { randomUnit } from '../../run/counterRandom.ts';
import { refuseSetting, type ImageShape, type RowAugmenter } from '../augmentation.ts';
import { fillBox } from './fillBox.ts';

export interface CutoutSettings {
  readonly kind: 'cutout';
  /** Side of the square in pixels; 0 cuts nothing. */
  readonly size: number;
  /** What the square is filled with. Default 0; before `normalize` of the pipeline, so 0 is black. */
  readonly value?: number;
}

/**
 * Blanks a square whose centre is any pixel with equal probability: near the border a part of it lies outside.
 * DeVries & Taylor 2017, https://arxiv.org/abs/1708.04552.
 */
export function cutout({ size, value = 0 }: CutoutSettings, shape: ImageShape): RowAugmenter {
  if (!Number.isSafeInteger(size) || size < 0) refuseSetting('cutout.size', size, 'a whole number from 0');
  if (!Number.isFinite(value)) refuseSetting('cutout.value', value, 'a finite number');
  return (image, key) => {
    const top = Math.floor(randomUnit(key, 0) * shape.height) - (size >> 1);
    const left = Math.floor(randomUnit(key, 1) * shape.width) - (size >> 1);
    fillBox(image, shape, { top, left, height: size, width: size }, value);
  };
}
