import { defineGradient } from '../defineGradient.ts';

/** C = A / B;  dA = dC / B, dB = −dC ⊙ C / B. */
export const div = defineGradient({
  opType: 'Div',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__Div.html',
  formula: 'dA = dC / B, dB = −dC ⊙ C / B',
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: {},
  vjp: ({ B, C }, { C: dC }, _, g) => ({ A: () => g.div(dC, B), B: () => g.neg(g.div(g.mul(dC, C), B)) }),
  samples: [
    { inputs: { A: [2, 3], B: [2, 3] }, awayFromZero: 0.5 },
    { inputs: { A: [2, 3], B: [3] }, awayFromZero: 0.5 },
    { inputs: { A: [3], B: [2, 1] }, awayFromZero: 0.5 },
  ],
  specialPoints: [{ inputs: { A: { shape: [1], values: [0] }, B: { shape: [1], values: [-4] } }, gradients: { A: [-0.25], B: [0] } }],
});
