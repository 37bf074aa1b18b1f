import { defineGradient } from '../defineGradient.ts';

/** output = erf(input);  d input = d output ⊙ 2/√π · exp(−input²). */
export const erf = defineGradient({
  opType: 'Erf',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Erf.html and https://dlmf.nist.gov/7.2#E1',
  formula: 'd input = d output ⊙ 2/√π · exp(−input²)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  // The factor goes into the exponent: one multiplication less.
  vjp: ({ input: x }, { output: dy }, _, g) => ({
    input: () => g.mul(dy, g.exp(g.sub(g.scalar(Math.log(2 / Math.sqrt(Math.PI)), x), g.mul(x, x)))),
  }),
  samples: [{ inputs: { input: [2, 5] } }],
  specialPoints: [{ inputs: { input: { shape: [3], values: [0, 30, -30] } }, gradients: { input: [2 / Math.sqrt(Math.PI), 0, 0] } }],
});
