import { defineGradient } from '../defineGradient.ts';

/** Y = X where X > 0, else slope ⊙ X, slope broadcast to X;  dX = dY where X > 0, else dY ⊙ slope; d slope = dY ⊙ min(X, 0). */
export const pRelu = defineGradient({
  opType: 'PRelu',
  sinceVersion: 16,
  source: 'https://onnx.ai/onnx/operators/onnx__PRelu.html and He et al. 2015, https://arxiv.org/abs/1502.01852 eq. 2',
  formula: 'dX = dY where X > 0, else dY ⊙ slope; d slope = dY ⊙ min(X, 0)',
  inputs: ['X', 'slope'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X, slope }, { Y: dY }, _, g) => ({
    X: () => g.op('Where', [g.op('Greater', [X, g.scalar(0, X)]), dY, g.mul(dY, slope)]),
    slope: () => g.mul(dY, g.op('Min', [X, g.scalar(0, X)])),
  }),
  samples: [
    { inputs: { X: [3, 5], slope: [5] }, awayFromZero: 0.1 },
    { inputs: { X: [2, 3, 4], slope: [3, 1] }, awayFromZero: 0.1 },
    { inputs: { X: [2, 3], slope: [1] }, awayFromZero: 0.1 },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [3], values: [0, 3, -3] }, slope: { shape: [3], values: [0.25, 0.25, 0.25] } },
      gradients: { X: [0.25, 1, 0.25], slope: [0, 0, -3] },
    },
  ],
});
