import { defineGradient } from '../defineGradient.ts';
import { geluSlope } from './geluSlope.ts';
import { once } from './once.ts';

/** C = gelu(A + B), B along the last axis;  dA = dC ⊙ gelu'(A + B), dB = the same, summed. */
export const biasGelu = defineGradient({
  opType: 'BiasGelu',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.BiasGelu',
  formula: "dA = dB = dC ⊙ gelu'(A + B)",
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: {},
  vjp: ({ A, B }, { C: dC }, _, g) => {
    const gradient = once(() => g.mul(dC, geluSlope(g, g.add(A, B))));
    return { A: gradient, B: gradient };
  },
  samples: [{ inputs: { A: [3, 4], B: [4] } }, { inputs: { A: [2, 3, 4], B: [4] } }],
  specialPoints: [
    { inputs: { A: { shape: [1, 2], values: [2, 30] }, B: { shape: [2], values: [-2, 1] } }, gradients: { A: [0.5, 1], B: [0.5, 1] } },
  ],
});
