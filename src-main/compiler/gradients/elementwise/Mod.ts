import { integer } from '../../onnx/attributes.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/** C = A − B ⊙ trunc(A / B), which is `fmod` (ONNX demands fmod = 1 for floats);  dA = dC, dB = −dC ⊙ trunc(A / B). */
export const mod = defineGradient({
  opType: 'Mod',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Mod.html',
  formula: 'dA = dC, dB = −dC ⊙ (A − C) / B',
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: {},
  // (A − C) / B is the whole number but for rounding: A / B itself may round up to the next one.
  vjp: ({ A, B, C }, { C: dC }, _, g) => ({
    A: () => dC,
    B: () => g.neg(g.mul(dC, g.op('Round', [g.div(g.sub(A, C), B)]))),
  }),
  samples: [
    { inputs: { A: [2, 3] }, constants: { B: tensorOf('float64', [3], [0.7, -1.1, 3]) }, attributes: { fmod: integer(1) } },
    { inputs: { A: [2, 3], B: [2, 3] }, domain: [0.9, 1.7], apart: 0.02, attributes: { fmod: integer(1) } },
  ],
  specialPoints: [
    {
      inputs: { A: { shape: [3], values: [5, -5, 5] }, B: { shape: [3], values: [3, 3, -3] } },
      attributes: { fmod: integer(1) },
      gradients: { A: [1, 1, 1], B: [-1, 1, 1] },
    },
  ],
});
