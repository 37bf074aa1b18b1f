import { defineGradient } from '../defineGradient.ts';

/** mean of n inputs, broadcast;  d input = d mean / n for each. */
export const mean = defineGradient({
  opType: 'Mean',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Mean.html',
  formula: 'd dataᵢ = d mean / n',
  inputs: ['data_0'],
  variadicInputs: true,
  outputs: ['mean'],
  attributes: {},
  vjp: (_, { mean: dy }, __, g, { inputs }) => inputs.map(() => () => g.mul(dy, g.scalar(1 / inputs.length, dy))),
  samples: [
    { inputs: { 'data_0.0': [2, 3], 'data_0.1': [3], 'data_0.2': [2, 1] } },
    { inputs: { 'data_0.0': [], 'data_0.1': [4] } },
    { inputs: { 'data_0.0': [4] } },
  ],
  specialPoints: [],
});
