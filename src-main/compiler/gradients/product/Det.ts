import { defineGradient } from '../defineGradient.ts';

/** Y = det X over the last two axes;  dX = dY det(X) X⁻ᵀ. A singular matrix has a gradient, but this formula does not find it: NaN or infinite. */
export const det = defineGradient({
  opType: 'Det',
  sinceVersion: 11,
  source: 'https://onnx.ai/onnx/operators/onnx__Det.html and Giles 2008, An extended collection of matrix derivative results, §2.2.4',
  formula: 'dX = dY det(X) X⁻ᵀ',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X, Y }, { Y: dY }, _, g) => ({
    X: () => g.mul(g.reshape(g.mul(dY, Y), [...Y.shape, 1, 1]), g.swapLast(g.op('com.microsoft.Inverse', [X]))),
  }),
  samples: [{ inputs: { X: [2, 2] } }, { inputs: { X: [2, 3, 3] } }],
  specialPoints: [{ inputs: { X: { shape: [2, 2], values: [2, 1, 0, 4] } }, gradients: { X: [4, 0, -1, 2] } }],
});
