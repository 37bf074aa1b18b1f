import { defineGradient } from '../defineGradient.ts';

/** output = arcosh(input);  d input = d output / √(input² − 1). Infinite at 1, as the slope is. */
export const acosh = defineGradient({
  opType: 'Acosh',
  sinceVersion: 9,
  source: 'https://onnx.ai/onnx/operators/onnx__Acosh.html and https://dlmf.nist.gov/4.40',
  formula: 'd input = d output / (√(input − 1) ⊙ √(input + 1))',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({
    input: () => g.div(dy, g.mul(g.sqrt(g.sub(x, g.scalar(1, x))), g.sqrt(g.add(x, g.scalar(1, x))))),
  }),
  samples: [{ inputs: { input: [2, 5] }, domain: [1.5, 4] }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [1.25, 1e30] } }, gradients: { input: [4 / 3, 0] } }],
});
