import { defineGradient } from '../defineGradient.ts';

/** Y = |X|;  dX = dY ⊙ sign(X), 0 at 0. */
export const abs = defineGradient({
  opType: 'Abs',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Abs.html',
  formula: 'dX = dY ⊙ sign(X)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X }, { Y: dY }, _, g) => ({ X: () => g.mul(dY, g.op('Sign', [X])) }),
  samples: [{ inputs: { X: [3, 5] }, awayFromZero: 0.1 }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [0, 3, -3] } }, gradients: { X: [0, 1, -1] } }],
});
