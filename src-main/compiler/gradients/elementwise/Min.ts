import { defineGradient } from '../defineGradient.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { firstWinner } from './firstWinner.ts';

/** min of any number of inputs, broadcast;  d input = d min where the input is the min and no earlier input is: the first wins a tie. */
export const min = defineGradient({
  opType: 'Min',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Min.html',
  formula: 'd dataᵢ = d min ⊙ [dataᵢ = min and no earlier one is]',
  inputs: ['data_0'],
  variadicInputs: true,
  outputs: ['min'],
  attributes: {},
  vjp: (_, { min: dy }, __, g, { inputs, outputs }) => {
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
      gradients: { 'data_0.0': [1, 1, 1], 'data_0.1': [0, 0, 0], 'data_0.2': [0, 0, 0] },
    },
  ],
});
