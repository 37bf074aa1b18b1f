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
  const values = channels * plane;
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  for (let row = 0, at = 0; row < height; row++) {
    const rowX = sine * (row - centreY) + centreX;
    const rowY = cosine * (row - centreY) + centreY;
    for (let column = 0; column < width; column++, at++) {
      const fromX = cosine * (column - centreX) + rowX;
      const fromY = rowY - sine * (column - centreX);
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const toRight = fromX - left;
      const toBottom = fromY - top;
      const ofTopLeft = (1 - toRight) * (1 - toBottom);
      const ofTopRight = toRight * (1 - toBottom);
      const ofBottomLeft = (1 - toRight) * toBottom;
      const ofBottomRight = toRight * toBottom;
      let topLeft: number, topRight: number, bottomLeft: number, bottomRight: number;
      if (left >= 0 && top >= 0 && left + 1 < width && top + 1 < height) {
        topLeft = top * width + left;
        topRight = topLeft + 1;
        bottomLeft = topLeft + width;
        bottomRight = bottomLeft + 1;
      } else {
        const first = reflect(top, height) * width;
        const second = reflect(top + 1, height) * width;
        const near = reflect(left, width);
        const far = reflect(left + 1, width);
        topLeft = first + near;
        topRight = first + far;
        bottomLeft = second + near;
        bottomRight = second + far;
      }
      for (let start = 0; start < values; start += plane)
        to[start + at] =
          from[start + topLeft]! * ofTopLeft +
          from[start + topRight]! * ofTopRight +
          from[start + bottomLeft]! * ofBottomLeft +
          from[start + bottomRight]! * ofBottomRight;
    }
  }
}
