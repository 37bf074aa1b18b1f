import { defineGradient } from '../defineGradient.ts';

/** C = A + B;  dA = dC, dB = dC. */
export const add = defineGradient({
  opType: 'Add',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__Add.html',
  formula: 'dA = dC, dB = dC',
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: {},
  vjp: (_, { C: dC }) => ({ A: () => dC, B: () => dC }),
  samples: [
    { inputs: { A: [2, 3], B: [2, 3] } },
    { inputs: { A: [2, 3], B: [3] } },
    { inputs: { A: [2, 1], B: [4, 1, 3] } },
    { inputs: { A: [], B: [3] } },
  ],
  specialPoints: [],
});
