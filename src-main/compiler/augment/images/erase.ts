import { randomUnit, streamKey } from '../../run/counterRandom.ts';
import { refuseSetting, requireRange, type ImageShape, type RowAugmenter } from '../augmentation.ts';
import { fillBox, type Box } from './fillBox.ts';

export interface EraseSettings {
  readonly kind: 'erase';
  /** Probability that a rectangle is erased. */
  readonly probability: number;
  /** Least and most share of the image's area. Default 0.02 to 0.4, the paper's. */
  readonly area?: readonly [least: number, most: number];
  /** Least ratio of the sides, above 0 to 1; the most is its inverse. Default 0.3, the paper's. */
  readonly aspect?: number;
  /** A number, or uniform random numbers 0 to 1 (the paper's choice). Default 'random'. */
  readonly fill?: number | 'random';
}

/** The paper repeats until a rectangle fits; so often, and an image that none fits stays as it is. */
const attempts = 20;
const fillStream = 1;

/** Erases a rectangle of random area, shape and place: Zhong et al. 2017, https://arxiv.org/abs/1708.04896, algorithm 1. */
export function erase(settings: EraseSettings, shape: ImageShape): RowAugmenter {
  const { probability, area: [least, most] = [0.02, 0.4], aspect = 0.3, fill = 'random' } = settings;
  requireRange('erase.probability', probability, 0, 1);
  if (!(least >= 0 && least <= most && most <= 1))
    refuseSetting('erase.area', `${least} to ${most}`, 'two shares from 0 to 1, the least first');
  if (!(aspect > 0 && aspect <= 1)) refuseSetting('erase.aspect', aspect, 'above 0 to 1');
  if (fill !== 'random' && !Number.isFinite(fill)) refuseSetting('erase.fill', fill, "a finite number or 'random'");
  return (image, key) => {
    if (randomUnit(key, 0) >= probability) return;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const draw = (number: number): number => randomUnit(key, 1 + 4 * attempt + number);
      const pixels = (least + (most - least) * draw(0)) * shape.height * shape.width;
      const ratio = aspect + (1 / aspect - aspect) * draw(1);
      const [height, width] = [Math.round(Math.sqrt(pixels * ratio)), Math.round(Math.sqrt(pixels / ratio))];
      const [top, left] = [Math.floor(draw(2) * shape.height), Math.floor(draw(3) * shape.width)];
      if (top + height > shape.height || left + width > shape.width) continue;
      const box = { top, left, height, width };
      if (fill === 'random') fillRandom(image, shape, box, streamKey(key, fillStream));
      else fillBox(image, shape, box, fill);
      return;
    }
  };
}

function fillRandom(image: Float32Array, { channels, height, width }: ImageShape, box: Box, key: number): void {
  let counter = 0;
  for (let channel = 0; channel < channels; channel++)
    for (let row = box.top; row < box.top + box.height; row++) {
      const start = (channel * height + row) * width + box.left;
      for (let at = start; at < start + box.width; at++) image[at] = randomUnit(key, counter++);
    }
}
