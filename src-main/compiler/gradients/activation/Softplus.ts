import { defineGradient } from '../defineGradient.ts';

/** Y = ln(1 + exp(X));  dX = dY ⊙ σ(X). */
export const softplus = defineGradient({
  opType: 'Softplus',
  sinceVersion: 1,
  source: 'https://onnx.ai/onnx/operators/onnx__Softplus.html',
  formula: 'dX = dY ⊙ σ(X)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X }, { Y: dY }, _, g) => ({ X: () => g.mul(dY, g.op('Sigmoid', [X])) }),
  samples: [{ inputs: { X: [3, 5] } }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [0, 1000, -1000] } }, gradients: { X: [0.5, 1, 0] } }],
});
