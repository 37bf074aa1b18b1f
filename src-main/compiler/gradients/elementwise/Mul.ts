import { defineGradient } from '../defineGradient.ts';

/** C = A ⊙ B;  dA = dC ⊙ B, dB = dC ⊙ A. */
export const mul = defineGradient({
  opType: 'Mul',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__Mul.html',
  formula: 'dA = dC ⊙ B, dB = dC ⊙ A',
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: {},
  vjp: ({ A, B }, { C: dC }, _, g) => ({ A: () => g.mul(dC, B), B: () => g.mul(dC, A) }),
  samples: [
    { inputs: { A: [2, 3], B: [2, 3] } },
    { inputs: { A: [2, 3], B: [3] } },
    { inputs: { A: [], B: [2, 2] } },
    { inputs: { A: [2, 1, 3], B: [4, 1] } },
  ],
  specialPoints: [
    { inputs: { A: { shape: [2], values: [0, 3] }, B: { shape: [2], values: [5, 0] } }, gradients: { A: [5, 0], B: [0, 3] } },
  ],
});
