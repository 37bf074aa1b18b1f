import { defineGradient } from '../defineGradient.ts';

/** Y = 1 / (1 + exp(−X));  dX = dY ⊙ Y ⊙ (1 − Y). */
export const sigmoid = defineGradient({
  opType: 'Sigmoid',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Sigmoid.html',
  formula: 'dX = dY ⊙ Y ⊙ (1 − Y)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ Y }, { Y: dY }, _, g) => ({ X: () => g.mul(dY, g.mul(Y, g.sub(g.scalar(1, Y), Y))) }),
  samples: [{ inputs: { X: [2, 3] } }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [0, 1000, -1000] } }, gradients: { X: [0.25, 0, 0] } }],
});
