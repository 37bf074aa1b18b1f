import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = X where X > 0, else α X;  dX = dY ⊙ (1 where X > 0, else α): α at the corner. */
export const leakyRelu = defineGradient({
  opType: 'LeakyRelu',
  sinceVersion: 16,
  source: 'https://onnx.ai/onnx/operators/onnx__LeakyRelu.html',
  formula: 'dX = dY ⊙ (α + (1 − α) [X > 0])',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 0.01 },
  vjp: ({ X }, { Y: dY }, { alpha }, g) => ({
    X: () => {
      const mask = g.greaterMask(X, g.scalar(0, X));
      return g.mul(dY, g.add(g.mul(mask, g.scalar(1 - alpha, X)), g.scalar(alpha, X)));
    },
  }),
  samples: [
    { inputs: { X: [3, 5] }, awayFromZero: 0.1 },
    { inputs: { X: [3, 5] }, attributes: { alpha: float(-0.5) }, awayFromZero: 0.1 },
  ],
  specialPoints: [
    { inputs: { X: { shape: [3], values: [0, 3, -3] } }, attributes: { alpha: float(0.25) }, gradients: { X: [0.25, 1, 0.25] } },
  ],
});
