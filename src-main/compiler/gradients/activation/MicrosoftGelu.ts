import { defineGradient } from '../defineGradient.ts';
import { geluSlope } from './geluSlope.ts';

/** Y = X Φ(X), as ONNX Runtime's own operator;  dX = dY ⊙ (Φ(X) + X φ(X)). */
export const microsoftGelu = defineGradient({
  opType: 'Gelu',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Gelu',
  formula: 'dX = dY ⊙ (Φ(X) + X φ(X))',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X }, { Y: dY }, _, g) => ({ X: () => g.mul(dY, geluSlope(g, X)) }),
  samples: [{ inputs: { X: [3, 5] } }],
  specialPoints: [{ inputs: { X: { shape: [3], values: [0, 30, -30] } }, gradients: { X: [0.5, 1, 0] } }],
});
