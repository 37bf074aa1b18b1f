import { defineGradient } from '../defineGradient.ts';
import { geluSlope, tanhGeluSlope } from './geluSlope.ts';

/** Y = X Φ(X), or its approximation by tanh;  dX = dY ⊙ (Φ(X) + X φ(X)), or the approximation's slope. */
export const gelu = defineGradient({
  opType: 'Gelu',
  sinceVersion: 20,
  source: 'https://onnx.ai/onnx/operators/onnx__Gelu.html and Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415',
  formula: 'dX = dY ⊙ (Φ(X) + X φ(X))',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { approximate: 'none' },
  vjp: ({ X }, { Y: dY }, { approximate }, g) => ({
    X: () => g.mul(dY, approximate === 'tanh' ? tanhGeluSlope(g, X) : geluSlope(g, X)),
  }),
  samples: [{ inputs: { X: [3, 5] } }, { inputs: { X: [3, 5] }, attributes: { approximate: { kind: 'string', value: 'tanh' } } }],
  specialPoints: [
    { inputs: { X: { shape: [8], values: [0, 30, -30, 1e15, 1e20, -1e20, 3e38, -3e38] } }, gradients: { X: [0.5, 1, 0, 1, 1, 0, 1, 0] } },
    {
      inputs: { X: { shape: [8], values: [0, 30, -30, 1e15, 1e20, -1e20, 3e38, -3e38] } },
      attributes: { approximate: { kind: 'string', value: 'tanh' } },
      gradients: { X: [0.5, 1, 0, 1, 1, 0, 1, 0] },
    },
  ],
});
