import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { RowArray } from '../run/trainingData.ts';

/** An image is `[channels, height, width] float32`, row-major, values 0 to 1 unless an augmentation says otherwise. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Changes one image or one table row in place. The same key gives the same change. */
export type RowAugmenter = (values: Float32Array, key: number) => void;

/** Changes the arrays of a whole batch of so many rows in place, by name. The same key gives the same change. */
export type BatchAugmenter = (batch: Readonly<Record<string, RowArray>>, rows: number, key: number) => void;

/** Throws MK_COMPILER_SETTING_INVALID unless the number is from `least` to `most`. */
export function requireRange(setting: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) refuseSetting(setting, value, most === Infinity ? `${least} or more` : `${least} to ${most}`);
}

export function refuseSetting(setting: string, value: unknown, expected: string): never {
  throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value: String(value), expected });
}

/** An array of a batch that an augmentation changes. Throws MK_COMPILER_SETTING_INVALID unless it is there and float32. */
export function floatsOf(batch: Readonly<Record<string, RowArray>>, name: string, setting: string): Float32Array {
  const values = batch[name];
  return values instanceof Float32Array ? values : refuseSetting(setting, name, 'the name of an array of float32');
}
