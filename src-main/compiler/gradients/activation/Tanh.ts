import { defineGradient } from '../defineGradient.ts';

/** output = tanh(input);  d input = d output ⊙ (1 − output²). */
export const tanh = defineGradient({
  opType: 'Tanh',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Tanh.html',
  formula: 'd input = d output ⊙ (1 − output²)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ output: y }, { output: dy }, _, g) => ({ input: () => g.mul(dy, g.sub(g.scalar(1, y), g.mul(y, y))) }),
  samples: [{ inputs: { input: [2, 3] } }],
  specialPoints: [{ inputs: { input: { shape: [3], values: [0, 90, -90] } }, gradients: { input: [1, 0, 0] } }],
});
