import { integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';

/** grid = theta · [position, 1] for each pixel, positions from −1 to 1: a product with a constant. */
export const affineGrid = defineComposite({
  opType: 'AffineGrid',
  sinceVersion: 20,
  source: 'https://onnx.ai/onnx/operators/onnx__AffineGrid.html; Jaderberg et al. (2015), Spatial Transformer Networks, eq. 1',
  formula: 'grid = theta · [x, y, 1]ᵀ of each pixel',
  inputs: ['theta', 'size'],
  outputs: ['grid'],
  attributes: { align_corners: 0 },
  decompose: ({ theta, size }, { align_corners }, g) => {
    const [batch, , ...image] = g.constantIntegers(size, 'size');
    const pixels = image.reduce((count, each) => count * each, 1);
    const homogeneous = [...image.keys()].toReversed().flatMap((axis) => positions(image, axis, align_corners === 1));
    const ones = Array.from({ length: pixels }, () => 1);
    const constant = g.tensor([image.length + 1, pixels], [...homogeneous, ...ones], theta);
    return [g.reshape(g.transpose(g.matMul(theta, constant), [0, 2, 1]), [batch!, ...image, image.length])];
  },
  samples: [
    { inputs: { theta: [2, 2, 3] }, constants: { size: [2, 1, 2, 3] } },
    { inputs: { theta: [1, 2, 3] }, constants: { size: [1, 1, 3, 2] }, attributes: { align_corners: integer(1) } },
    { inputs: { theta: [1, 3, 4] }, constants: { size: [1, 1, 2, 2, 3] } },
  ],
  specialPoints: [],
});

/** The coordinate of one axis at every pixel, in row order. */
function positions(image: readonly number[], axis: number, alignCorners: boolean): number[] {
  const size = image[axis]!;
  const behind = image.slice(axis + 1).reduce((count, each) => count * each, 1);
  const step = alignCorners ? 2 / (size - 1) : 2 / size;
  const first = alignCorners ? -1 : -1 + step / 2;
  const total = image.reduce((count, each) => count * each, 1);
  return Array.from({ length: total }, (_, pixel) => first + step * (Math.floor(pixel / behind) % size));
}
