import { defineGradient } from '../defineGradient.ts';

/** Y = −X;  dX = −dY. */
export const neg = defineGradient({
  opType: 'Neg',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Neg.html',
  formula: 'dX = −dY',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: (_, { Y: dY }, __, g) => ({ X: () => g.neg(dY) }),
  samples: [{ inputs: { X: [2, 3] } }],
  specialPoints: [],
});
