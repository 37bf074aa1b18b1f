import { defineGradient } from '../defineGradient.ts';

/** output = arctan(input);  d input = d output / (1 + input²). */
export const atan = defineGradient({
  opType: 'Atan',
  sinceVersion: 7,
  source: 'https://onnx.ai/onnx/operators/onnx__Atan.html and https://dlmf.nist.gov/4.24#E9',
  formula: 'd input = d output / (1 + input²)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.div(dy, g.add(g.scalar(1, x), g.mul(x, x))) }),
  samples: [{ inputs: { input: [2, 5] } }],
  specialPoints: [{ inputs: { input: { shape: [3], values: [0, 1e30, -1e30] } }, gradients: { input: [1, 0, 0] } }],
});
