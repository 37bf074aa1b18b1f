import { randomUnit, streamKey } from '../../run/counterRandom.ts';
import { floatsOf, refuseSetting, type BatchAugmenter, type ImageShape } from '../augmentation.ts';
import { mixRows } from './mixup.ts';
import { randomBeta } from './randomBeta.ts';

export interface CutmixSettings {
  readonly kind: 'cutmix';
  /** Shape of the Beta distribution of the share: 1 in the paper; 0 mixes nothing. */
  readonly alpha: number;
  /** The images `[batch, channels, height, width] float32`. */
  readonly images: string;
  readonly shape: ImageShape;
  /** Targets as probabilities, float32 (with the loss `klDivergence`). */
  readonly targets: readonly string[];
}

/**
 * Puts a rectangle of another image into each image, the same place for the whole batch, and mixes the targets by area.
 * The rectangle covers 1 − λ of the image, λ ~ Beta(α, α); its centre is uniform and what lies outside is cut off, so the
 * targets are mixed by what is left. Partners as in `mixup`. Yun et al. 2019, https://arxiv.org/abs/1905.04899, §3.1 and algorithm A1.
 */
export function cutmix({ alpha, images, shape, targets }: CutmixSettings): BatchAugmenter {
  if (!(alpha >= 0 && alpha < Infinity)) refuseSetting('cutmix.alpha', alpha, '0 or more');
  const { channels, height, width } = shape;
  const size = channels * height * width;
  return (batch, rows, key) => {
    if (alpha === 0) return;
    const pixels = floatsOf(batch, images, 'cutmix.images');
    if (pixels.length !== rows * size)
      refuseSetting('cutmix.shape', `[${channels}, ${height}, ${width}]`, `of ${pixels.length / rows} values`);
    const side = Math.sqrt(1 - randomBeta(alpha, streamKey(key, 0)));
    const [top, bottom] = span(height, side, randomUnit(key, 0));
    const [left, right] = span(width, side, randomUnit(key, 1));
    for (let row = 0; row < rows >> 1; row++)
      for (let channel = 0; channel < channels; channel++)
        for (let line = top; line < bottom; line++) {
          const within = (channel * height + line) * width + left;
          swap(pixels, row * size + within, (rows - 1 - row) * size + within, right - left);
        }
    const share = 1 - ((bottom - top) * (right - left)) / (height * width);
    for (const name of targets) {
      const values = floatsOf(batch, name, 'cutmix.targets');
      mixRows(values, rows, values.length / rows, share);
    }
  };
}

/** From and to of a length `side · size` around a place, cut at the border. */
function span(size: number, side: number, place: number): [number, number] {
  const half = Math.floor((side * size) / 2);
  const centre = Math.floor(place * size);
  return [Math.max(0, centre - half), Math.min(size, centre + half)];
}

function swap(values: Float32Array, first: number, second: number, length: number): void {
  for (let at = 0; at < length; at++) {
    const moved = values[first + at]!;
    values[first + at] = values[second + at]!;
    values[second + at] = moved;
  }
}
