import { defineGradient } from '../defineGradient.ts';

/** output = cos(input);  d input = −d output ⊙ sin(input). */
export const cos = defineGradient({
  opType: 'Cos',
  sinceVersion: 7,
  source: 'https://onnx.ai/onnx/operators/onnx__Cos.html',
  formula: 'd input = −d output ⊙ sin(input)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.neg(g.mul(dy, g.op('Sin', [x]))) }),
  samples: [{ inputs: { input: [2, 5] } }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, Math.PI / 2] } }, gradients: { input: [0, -1] } }],
});
