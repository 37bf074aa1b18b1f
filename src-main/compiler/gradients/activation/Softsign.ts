import { defineGradient } from '../defineGradient.ts';

/** output = input / (1 + |input|);  d input = d output / (1 + |input|)². */
export const softsign = defineGradient({
  opType: 'Softsign',
  sinceVersion: 1,
  source: 'https://onnx.ai/onnx/operators/onnx__Softsign.html',
  formula: 'd input = d output / (1 + |input|)²',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({
    input: () => {
      const width = g.add(g.op('Abs', [x]), g.scalar(1, x));
      // Twice divided: the square of a large number overflows.
      return g.div(g.div(dy, width), width);
    },
  }),
  samples: [{ inputs: { input: [3, 5] }, awayFromZero: 0.1 }],
  specialPoints: [{ inputs: { input: { shape: [4], values: [0, 1, -1, 1e30] } }, gradients: { input: [1, 0.25, 0.25, 0] } }],
});
