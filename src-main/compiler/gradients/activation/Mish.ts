import { defineGradient } from '../defineGradient.ts';

/** Y = X t, t = tanh(softplus(X));  dX = dY ⊙ (t + X σ(X) (1 − t²)). */
export const mish = defineGradient({
  opType: 'Mish',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__Mish.html and Misra 2019, https://arxiv.org/abs/1908.08681',
  formula: 'dX = dY ⊙ (t + X σ(X) (1 − t²)), t = tanh(softplus(X))',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X }, { Y: dY }, _, g) => ({
    X: () => {
      const t = g.op('Tanh', [g.op('Softplus', [X])]);
      const rise = g.mul(g.op('Sigmoid', [X]), g.sub(g.scalar(1, t), g.mul(t, t)));
      return g.mul(dY, g.add(t, g.mul(X, rise)));
    },
  }),
  samples: [{ inputs: { X: [3, 5] } }],
  specialPoints: [{ inputs: { X: { shape: [4], values: [0, 100, -200, 1e30] } }, gradients: { X: [0.6, 1, 0, 1] } }],
});
