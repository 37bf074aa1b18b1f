import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { exponentialUnit } from './exponentialUnit.ts';

/** Y = X where X > 0, else α (exp(X) − 1);  dX = dY where X > 0, else dY ⊙ α exp(X). */
export const elu = defineGradient({
  opType: 'Elu',
  sinceVersion: 6,
  source: 'https://onnx.ai/onnx/operators/onnx__Elu.html and Clevert et al. 2016, https://arxiv.org/abs/1511.07289 eq. 15',
  formula: 'dX = dY where X > 0, else dY ⊙ α exp(X)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1 },
  vjp: ({ X }, { Y: dY }, { alpha }, g) => ({ X: () => exponentialUnit(g, X, dY, { slope: 1, scale: alpha, width: 1 }) }),
  samples: [
    { inputs: { X: [3, 5] }, awayFromZero: 0.1 },
    { inputs: { X: [3, 5] }, attributes: { alpha: float(0.5) }, awayFromZero: 0.1 },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [4], values: [0, 1000, -1000, 2] } },
      attributes: { alpha: float(0.5) },
      gradients: { X: [0.5, 1, 0, 1] },
    },
  ],
});
