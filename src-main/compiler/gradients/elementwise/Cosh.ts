import { defineGradient } from '../defineGradient.ts';

/** output = cosh(input);  d input = d output ⊙ sinh(input). */
export const cosh = defineGradient({
  opType: 'Cosh',
  sinceVersion: 9,
  source: 'https://onnx.ai/onnx/operators/onnx__Cosh.html',
  formula: 'd input = d output ⊙ sinh(input)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.mul(dy, g.op('Sinh', [x])) }),
  samples: [{ inputs: { input: [2, 5] } }],
  specialPoints: [{ inputs: { input: { shape: [1], values: [0] } }, gradients: { input: [0] } }],
});
