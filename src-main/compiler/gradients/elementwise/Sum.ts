import { defineGradient } from '../defineGradient.ts';

/** sum of any number of inputs, broadcast;  d input = d sum for each. */
export const sum = defineGradient({
  opType: 'Sum',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Sum.html',
  formula: 'd dataᵢ = d sum',
  inputs: ['data_0'],
  variadicInputs: true,
  outputs: ['sum'],
  attributes: {},
  vjp: (_, { sum: dy }, __, ___, { inputs }) => inputs.map(() => () => dy),
  samples: [
    { inputs: { 'data_0.0': [2, 3], 'data_0.1': [3], 'data_0.2': [2, 1] } },
    { inputs: { 'data_0.0': [], 'data_0.1': [4] } },
    { inputs: { 'data_0.0': [4] } },
  ],
  specialPoints: [],
});
