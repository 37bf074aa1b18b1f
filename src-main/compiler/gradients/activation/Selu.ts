import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { exponentialUnit } from './exponentialUnit.ts';

/** Y = γ X where X > 0, else γ α (exp(X) − 1);  dX = γ dY where X > 0, else dY ⊙ γ α exp(X). */
export const selu = defineGradient({
  opType: 'Selu',
  sinceVersion: 6,
  source: 'https://onnx.ai/onnx/operators/onnx__Selu.html and Klambauer et al. 2017, https://arxiv.org/abs/1706.02515 eq. 2',
  formula: 'dX = γ dY where X > 0, else dY ⊙ γ α exp(X)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 },
  vjp: ({ X }, { Y: dY }, { alpha, gamma }, g) => ({
    X: () => exponentialUnit(g, X, dY, { slope: gamma, scale: gamma * alpha, width: 1 }),
  }),
  samples: [
    { inputs: { X: [3, 5] }, awayFromZero: 0.1 },
    { inputs: { X: [3, 5] }, attributes: { alpha: float(0.5), gamma: float(2) }, awayFromZero: 0.1 },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [3], values: [0, 1000, -1000] } },
      attributes: { alpha: float(0.5), gamma: float(2) },
      gradients: { X: [1, 2, 0] },
    },
  ],
});
