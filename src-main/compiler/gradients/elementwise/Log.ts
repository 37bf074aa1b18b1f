import { defineGradient } from '../defineGradient.ts';

/** output = ln(input);  d input = d output / input. */
export const log = defineGradient({
  opType: 'Log',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Log.html',
  formula: 'd input = d output / input',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.div(dy, x) }),
  samples: [{ inputs: { input: [2, 3] }, domain: [0.3, 4] }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [1, 1e-6] } }, gradients: { input: [1, 1e6] } }],
});
