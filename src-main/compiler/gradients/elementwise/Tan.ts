import { defineGradient } from '../defineGradient.ts';

/** output = tan(input);  d input = d output ⊙ (1 + output²). */
export const tan = defineGradient({
  opType: 'Tan',
  sinceVersion: 7,
  source: 'https://onnx.ai/onnx/operators/onnx__Tan.html',
  formula: 'd input = d output ⊙ (1 + output²)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ output: y }, { output: dy }, _, g) => ({ input: () => g.mul(dy, g.add(g.scalar(1, y), g.mul(y, y))) }),
  samples: [{ inputs: { input: [2, 5] }, domain: [-1, 1] }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, Math.PI / 4] } }, gradients: { input: [1, 2] } }],
});
