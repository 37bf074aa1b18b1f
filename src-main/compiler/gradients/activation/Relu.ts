import { defineGradient } from '../defineGradient.ts';

/** Y = max(0, X);  dX = dY where Y > 0, else 0 (so 0 at the corner). */
export const relu = defineGradient({
  opType: 'Relu',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__Relu.html',
  formula: 'dX = dY ⊙ [Y > 0]',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  // From Y, not X: then X need not be kept. Mul of a cast mask is faster in ONNX Runtime than Where or Sign.
  vjp: ({ Y }, { Y: dY }, _, g) => ({ X: () => g.mul(dY, g.greaterMask(Y, g.scalar(0, Y))) }),
  samples: [{ inputs: { X: [3, 5] }, awayFromZero: 0.1 }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [0, 3, -3] } }, gradients: { X: [0, 1, 0] } }],
});
