import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { swishSlope } from './swishSlope.ts';

/** Y = X σ(α X);  dX = dY ⊙ (s + α X s (1 − s)), s = σ(α X). */
export const quickGelu = defineGradient({
  opType: 'QuickGelu',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QuickGelu',
  formula: 'dX = dY ⊙ (s + α X s (1 − s)), s = σ(α X)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1.702 },
  vjp: ({ X }, { Y: dY }, { alpha }, g) => ({ X: () => g.mul(dY, swishSlope(g, X, alpha)) }),
  samples: [{ inputs: { X: [3, 5] } }, { inputs: { X: [3, 5] }, attributes: { alpha: float(1) } }],
  specialPoints: [{ inputs: { X: { shape: [4], values: [0, 1000, -1000, 1e30] } }, gradients: { X: [0.5, 1, 0, 1] } }],
});
