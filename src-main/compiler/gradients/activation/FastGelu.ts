import { defineGradient } from '../defineGradient.ts';
import { tanhGeluSlope } from './geluSlope.ts';
import { once } from './once.ts';

/** Y = gelu(X + bias) approximated by tanh, bias along the last axis and optional;  dX = dY ⊙ gelu'(X + bias), d bias = the same, summed. */
export const fastGelu = defineGradient({
  opType: 'FastGelu',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FastGelu',
  formula: "dX = d bias = dY ⊙ gelu'(X + bias)",
  inputs: ['X', 'bias'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X, bias }, { Y: dY }, _, g) => {
    const gradient = once(() => g.mul(dY, tanhGeluSlope(g, bias ? g.add(X, bias) : X)));
    return { X: gradient, bias: gradient };
  },
  samples: [{ inputs: { X: [3, 4], bias: [4] } }, { inputs: { X: [2, 3, 4] } }],
  specialPoints: [{ inputs: { X: { shape: [5], values: [0, 30, -30, 1e20, -1e20] } }, gradients: { X: [0.5, 1, 0, 1, 0] } }],
});
