import { defineGradient } from '../defineGradient.ts';

/** Y = 1 / X;  dX = −dY ⊙ Y². Infinite at 0, as the slope is. */
export const reciprocal = defineGradient({
  opType: 'Reciprocal',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Reciprocal.html',
  formula: 'dX = −dY ⊙ Y²',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ Y }, { Y: dY }, _, g) => ({ X: () => g.neg(g.mul(dY, g.mul(Y, Y))) }),
  samples: [{ inputs: { X: [2, 3] }, awayFromZero: 0.5 }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [-2, 1e-3, 1e30] } }, gradients: { X: [-0.25, -1e6, 0] } }],
});
