import { streamKey } from '../run/counterRandom.ts';
import type { BatchAugmenter, ImageShape, RowAugmenter } from './augmentation.ts';
import { cutmix, type CutmixSettings } from './batches/cutmix.ts';
import { mixup, type MixupSettings } from './batches/mixup.ts';
import { swapNoise, type SwapNoiseSettings } from './batches/swapNoise.ts';
import { affine, type AffineSettings } from './images/affine.ts';
import { color, type ColorSettings } from './images/color.ts';
import { cutout, type CutoutSettings } from './images/cutout.ts';
import { erase, type EraseSettings } from './images/erase.ts';
import { flip, type FlipSettings } from './images/flip.ts';
import { imageNoise, type ImageNoiseSettings } from './images/imageNoise.ts';
import { shift, type ShiftSettings } from './images/shift.ts';
import { columnNoise, type ColumnNoiseSettings } from './rows/columnNoise.ts';

export type { BatchAugmenter, ImageShape, RowAugmenter } from './augmentation.ts';
export { columnDeviations } from './rows/columnNoise.ts';

/** Plain data, so that it can be sent to a thread and kept with a training. */
export type ImageAugmentation =
  FlipSettings | ShiftSettings | AffineSettings | ColorSettings | ImageNoiseSettings | CutoutSettings | EraseSettings;
export type TableAugmentation = ColumnNoiseSettings;
export type BatchAugmentation = SwapNoiseSettings | MixupSettings | CutmixSettings;

/**
 * The augmentations one after the other, each with random numbers of its own that follow from the key alone.
 * `streamKey(key of the epoch, row)` as key gives every row its own change in every epoch. Throws MK_COMPILER_SETTING_INVALID.
 */
export function imageAugmenter(steps: readonly ImageAugmentation[], shape: ImageShape): RowAugmenter {
  return inTurn(steps.map((each) => ofImage(each, shape)));
}

/** The same for rows of a table with so many columns. */
export function tableAugmenter(steps: readonly TableAugmentation[], columns: number): RowAugmenter {
  return inTurn(steps.map((each) => columnNoise(each, columns)));
}

/** The same for whole batches; the key must differ between batches. */
export function batchAugmenter(steps: readonly BatchAugmentation[]): BatchAugmenter {
  const augmenters = steps.map(ofBatch);
  return (batch, rows, key) => augmenters.forEach((each, at) => each(batch, rows, streamKey(key, at)));
}

function inTurn(augmenters: readonly RowAugmenter[]): RowAugmenter {
  return (values, key) => augmenters.forEach((each, at) => each(values, streamKey(key, at)));
}

function ofImage(settings: ImageAugmentation, shape: ImageShape): RowAugmenter {
  switch (settings.kind) {
    case 'flip':
      return flip(settings, shape);
    case 'shift':
      return shift(settings, shape);
    case 'affine':
      return affine(settings, shape);
    case 'color':
      return color(settings, shape);
    case 'imageNoise':
      return imageNoise(settings, shape);
    case 'cutout':
      return cutout(settings, shape);
    case 'erase':
      return erase(settings, shape);
  }
}

function ofBatch(settings: BatchAugmentation): BatchAugmenter {
  switch (settings.kind) {
    case 'swapNoise':
      return swapNoise(settings);
    case 'mixup':
      return mixup(settings);
    case 'cutmix':
      return cutmix(settings);
  }
}
