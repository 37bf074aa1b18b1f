import type { ImageShape } from '../augmentation.ts';

export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Fills what of the box lies within the image, in all channels. */
export function fillBox(image: Float32Array, { channels, height, width }: ImageShape, box: Box, value: number): void {
  const [top, bottom] = [Math.max(0, box.top), Math.min(height, box.top + box.height)];
  const [left, right] = [Math.max(0, box.left), Math.min(width, box.left + box.width)];
  if (right <= left) return;
  for (let channel = 0; channel < channels; channel++)
    for (let row = top; row < bottom; row++) {
      const start = (channel * height + row) * width;
      image.fill(value, start + left, start + right);
    }
}
