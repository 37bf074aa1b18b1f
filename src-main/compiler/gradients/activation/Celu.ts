import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { exponentialUnit } from './exponentialUnit.ts';

/** Y = max(0, X) + min(0, α (exp(X / α) − 1));  dX = dY where X > 0, else dY ⊙ exp(X / α). */
export const celu = defineGradient({
  opType: 'Celu',
  sinceVersion: 12,
  source: 'https://onnx.ai/onnx/operators/onnx__Celu.html and Barron 2017, https://arxiv.org/abs/1704.07483 eq. 2',
  formula: 'dX = dY where X > 0, else dY ⊙ exp(X / α)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1 },
  vjp: ({ X }, { Y: dY }, { alpha }, g) => ({ X: () => exponentialUnit(g, X, dY, { slope: 1, scale: alpha, width: alpha }) }),
  samples: [
    { inputs: { X: [3, 5] }, awayFromZero: 0.1 },
    { inputs: { X: [3, 5] }, attributes: { alpha: float(0.5) }, awayFromZero: 0.1 },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [3], values: [0, 1000, -1000] } },
      attributes: { alpha: float(2) },
      gradients: { X: [1, 1, 0] },
    },
  ],
});
