import { defineGradient } from '../defineGradient.ts';

/** output = exp(input);  d input = d output ⊙ output. */
export const exp = defineGradient({
  opType: 'Exp',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Exp.html',
  formula: 'd input = d output ⊙ output',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ output: y }, { output: dy }, _, g) => ({ input: () => g.mul(dy, y) }),
  samples: [{ inputs: { input: [2, 3] } }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, -200] } }, gradients: { input: [1, 0] } }],
});
