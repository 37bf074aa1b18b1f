import { defineGradient } from '../defineGradient.ts';

/** output = sinh(input);  d input = d output ⊙ cosh(input). */
export const sinh = defineGradient({
  opType: 'Sinh',
  sinceVersion: 9,
  source: 'https://onnx.ai/onnx/operators/onnx__Sinh.html',
  formula: 'd input = d output ⊙ cosh(input)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.mul(dy, g.op('Cosh', [x])) }),
  samples: [{ inputs: { input: [2, 5] } }],
  specialPoints: [{ inputs: { input: { shape: [1], values: [0] } }, gradients: { input: [1] } }],
});
