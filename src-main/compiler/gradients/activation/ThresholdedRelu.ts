import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = X where X > α, else 0;  dX = dY ⊙ [X > α]. */
export const thresholdedRelu = defineGradient({
  opType: 'ThresholdedRelu',
  sinceVersion: 10,
  source: 'https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html',
  formula: 'dX = dY ⊙ [X > α]',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1 },
  vjp: ({ X }, { Y: dY }, { alpha }, g) => ({ X: () => g.mul(dY, g.greaterMask(X, g.scalar(alpha, X))) }),
  samples: [
    { inputs: { X: [3, 5] }, domain: [1.1, 2] },
    { inputs: { X: [3, 5] }, attributes: { alpha: float(0) }, awayFromZero: 0.1 },
  ],
  specialPoints: [{ inputs: { X: { shape: [3], values: [1, 3, -3] } }, gradients: { X: [0, 1, 0] } }],
});
