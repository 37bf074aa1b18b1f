import { randomUnit } from '../../run/counterRandom.ts';
import { refuseSetting, requireRange, type ImageShape, type RowAugmenter } from '../augmentation.ts';

export interface ColorSettings {
  readonly kind: 'color';
  /** Brightness is multiplied by 1 − brightness to 1 + brightness. 0 to 1, default 0. */
  readonly brightness?: number;
  /** Differences from the image's mean grey are multiplied by 1 − contrast to 1 + contrast. 0 to 1, default 0. */
  readonly contrast?: number;
  /** Differences of the colours from their grey are multiplied by 1 − saturation to 1 + saturation. 0 to 1, default 0; needs 3 channels. */
  readonly saturation?: number;
}

/** Shares of red, green and blue in grey: ITU-R BT.601. */
const greyShares = [0.299, 0.587, 0.114] as const;

/** Changes brightness, then contrast, then saturation, values kept within 0 to 1. Howard 2013, https://arxiv.org/abs/1312.5402 §2.2. */
export function color(
  { brightness = 0, contrast = 0, saturation = 0 }: ColorSettings,
  { channels, height, width }: ImageShape,
): RowAugmenter {
  for (const [name, value] of Object.entries({ brightness, contrast, saturation })) requireRange(`color.${name}`, value, 0, 1);
  if (saturation > 0 && channels !== 3) refuseSetting('color.saturation', saturation, `0 for images of ${channels} channels`);
  const plane = height * width;
  const shares = channels === 3 ? greyShares : Array.from({ length: channels }, () => 1 / channels);
  return (image, key) => {
    const factor = (counter: number, strength: number): number => 1 + strength * (2 * randomUnit(key, counter) - 1);
    if (brightness > 0) blend(image, factor(0, brightness), 0);
    if (contrast > 0) blend(image, factor(1, contrast), meanGrey(image, plane, shares));
    if (saturation > 0) saturate(image, plane, factor(2, saturation));
  };
}

/** x ← clip(towards + factor · (x − towards)). */
function blend(image: Float32Array, factor: number, towards: number): void {
  const rest = (1 - factor) * towards;
  for (let at = 0; at < image.length; at++) image[at] = clip(factor * image[at]! + rest);
}

function meanGrey(image: Float32Array, plane: number, shares: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < image.length; at += plane) {
    let ofChannel = 0;
    for (let pixel = at; pixel < at + plane; pixel++) ofChannel += image[pixel]!;
    sum += ofChannel * shares[at / plane]!;
  }
  return sum / plane;
}

function saturate(image: Float32Array, plane: number, factor: number): void {
  const [ofRed, ofGreen, ofBlue] = greyShares;
  for (let red = 0, green = plane, blue = 2 * plane; red < plane; red++, green++, blue++) {
    const rest = (1 - factor) * (ofRed * image[red]! + ofGreen * image[green]! + ofBlue * image[blue]!);
    image[red] = clip(factor * image[red]! + rest);
    image[green] = clip(factor * image[green]! + rest);
    image[blue] = clip(factor * image[blue]! + rest);
  }
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
