import { requireRange, type ImageShape, type RowAugmenter } from '../augmentation.ts';
import { addNormal } from '../addNormal.ts';

export interface ImageNoiseSettings {
  readonly kind: 'imageNoise';
  /** Standard deviation of what is added to each value, in units of the pixels (0 to 1). */
  readonly deviation: number;
}

/** Adds normal noise to every value; the result may leave 0 to 1. Bishop 1995, Neural Computation 7, 108–116. */
export function imageNoise({ deviation }: ImageNoiseSettings, _shape: ImageShape): RowAugmenter {
  requireRange('imageNoise.deviation', deviation, 0, Infinity);
  return (image, key) => {
    if (deviation > 0) addNormal(image, deviation, key);
  };
}
