import { defineGradient } from '../defineGradient.ts';

/** C = A − B;  dA = dC, dB = −dC. */
export const sub = defineGradient({
  opType: 'Sub',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__Sub.html',
  formula: 'dA = dC, dB = −dC',
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: {},
  vjp: (_, { C: dC }, __, g) => ({ A: () => dC, B: () => g.neg(dC) }),
  samples: [{ inputs: { A: [2, 3], B: [2, 3] } }, { inputs: { A: [3], B: [2, 3] } }, { inputs: { A: [2, 1], B: [1, 3] } }],
  specialPoints: [],
});
