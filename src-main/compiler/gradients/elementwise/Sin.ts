import { defineGradient } from '../defineGradient.ts';

/** output = sin(input);  d input = d output ⊙ cos(input). */
export const sin = defineGradient({
  opType: 'Sin',
  sinceVersion: 7,
  source: 'https://onnx.ai/onnx/operators/onnx__Sin.html',
  formula: 'd input = d output ⊙ cos(input)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.mul(dy, g.op('Cos', [x])) }),
  samples: [{ inputs: { input: [2, 5] } }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, Math.PI / 2] } }, gradients: { input: [1, 0] } }],
});
