import { randomUnit } from '../../run/counterRandom.ts';
import { refuseSetting, requireRange, type ImageShape, type RowAugmenter } from '../augmentation.ts';
import { reflect } from './reflect.ts';

export interface AffineSettings {
  readonly kind: 'affine';
  /** Most degrees to turn, either way, 0 to 180. Default 0. */
  readonly rotationDegrees?: number;
  /** Most to enlarge or shrink: 1.2 means by a factor of 1/1.2 to 1.2, even on a logarithmic scale. 1 to 4. Default 1. */
  readonly scale?: number;
}

/**
 * Turns and scales an image about its centre. Each pixel is read at its place in the original, between four pixels
 * (bilinear), and mirrored beyond the border.
 *
 * Simard, Steinkraus & Platt, Best practices for convolutional neural networks, ICDAR 2003, §2; bilinear sampling:
 * Jaderberg et al. 2015, https://arxiv.org/abs/1506.02025, eq. 5.
 */
export function affine({ rotationDegrees = 0, scale = 1 }: AffineSettings, shape: ImageShape): RowAugmenter {
  requireRange('affine.rotationDegrees', rotationDegrees, 0, 180);
  if (!(scale >= 1 && scale <= 4)) refuseSetting('affine.scale', scale, '1 to 4');
  const before = new Float32Array(shape.channels * shape.height * shape.width);
  return (image, key) => {
    const angle = (((2 * randomUnit(key, 0) - 1) * rotationDegrees) / 180) * Math.PI;
    const factor = scale ** (2 * randomUnit(key, 1) - 1);
    if (angle === 0 && factor === 1) return;
    before.set(image);
    transform(before, image, shape, Math.cos(angle) / factor, Math.sin(angle) / factor);
  };
}

/** `to(p) = from(A (p − c) + c)` with A = [[cosine, sine], [−sine, cosine]] on (x, y) and c the centre. */
export function transform(
  from: Float32Array,
  to: Float32Array,
  { channels, height, width }: ImageShape,
  cosine: number,
  sine: number,
): void {
  const plane = height * width;
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  for (let row = 0, at = 0; row < height; row++) {
    const y = row - centreY;
    for (let column = 0; column < width; column++, at++) {
      const x = column - centreX;
      const fromX = cosine * x + sine * y + centreX;
      const fromY = cosine * y - sine * x + centreY;
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [toRight, toBottom] = [fromX - left, fromY - top];
      const [columnA, columnB] = [reflect(left, width), reflect(left + 1, width)];
      const [rowA, rowB] = [reflect(top, height) * width, reflect(top + 1, height) * width];
      for (let channel = 0, start = 0; channel < channels; channel++, start += plane) {
        const above = from[start + rowA + columnA]! * (1 - toRight) + from[start + rowA + columnB]! * toRight;
        const below = from[start + rowB + columnA]! * (1 - toRight) + from[start + rowB + columnB]! * toRight;
        to[start + at] = above * (1 - toBottom) + below * toBottom;
      }
    }
  }
}
