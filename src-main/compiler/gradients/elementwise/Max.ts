import { defineGradient } from '../defineGradient.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { firstWinner } from './firstWinner.ts';

/** max of any number of inputs, broadcast;  d input = d max where the input is the max and no earlier input is: the first wins a tie. */
export const max = defineGradient({
  opType: 'Max',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Max.html',
  formula: 'd dataᵢ = d max ⊙ [dataᵢ = max and no earlier one is]',
  inputs: ['data_0'],
  variadicInputs: true,
  outputs: ['max'],
  attributes: {},
  vjp: (_, { max: dy }, __, g, { inputs, outputs }) => {
    const all = inputs.flatMap((each) => each ?? []);
    return all.map((___, at) => () => g.mul(dy, firstWinner(g, all, outputs[0]!, at)));
  },
  samples: [
    { inputs: { 'data_0.0': [2, 3], 'data_0.1': [2, 3] }, apart: 0.02 },
    { inputs: { 'data_0.0': [2, 3], 'data_0.1': [3], 'data_0.2': [2, 1] }, apart: 0.02 },
    { inputs: { 'data_0.0': [4] }, apart: 0.02 },
    { inputs: { 'data_0.0': [2, 3] }, constants: { 'data_0.1': tensorOf('float64', [], [0.1]) }, apart: 0.02 },
  ],
  specialPoints: [
    {
      inputs: {
        'data_0.0': { shape: [3], values: [1, 0, 0] },
        'data_0.1': { shape: [3], values: [1, 0, 2] },
        'data_0.2': { shape: [3], values: [1, 0, 2] },
      },
      gradients: { 'data_0.0': [1, 1, 0], 'data_0.1': [0, 0, 1], 'data_0.2': [0, 0, 0] },
    },
  ],
});
