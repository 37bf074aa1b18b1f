import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = X ⊙ h, h = max(0, min(1, X / 6 + ½));  dX = dY ⊙ (h + X / 6 ⊙ [0 < h < 1]): 0 at −3, 1 at 3. */
export const hardSwish = defineGradient({
  opType: 'HardSwish',
  sinceVersion: 14,
  source: 'https://onnx.ai/onnx/operators/onnx__HardSwish.html and Howard et al. 2019, https://arxiv.org/abs/1905.02244 §5.2',
  formula: 'dX = dY ⊙ (h + X / 6 ⊙ [0 < h < 1]), h = max(0, min(1, X / 6 + ½))',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X }, { Y: dY }, _, g) => ({
    X: () => {
      const h = g.op('HardSigmoid', [X], { alpha: float(1 / 6), beta: float(0.5) });
      const inside = g.op('And', [g.op('Greater', [h, g.scalar(0, h)]), g.op('Less', [h, g.scalar(1, h)])]);
      return g.mul(dY, g.add(h, g.mul(g.mul(X, g.scalar(1 / 6, X)), g.cast(inside, X.dtype))));
    },
  }),
  samples: [{ inputs: { X: [3, 5] } }, { inputs: { X: [2, 3] }, domain: [-6, -3.1] }, { inputs: { X: [2, 3] }, domain: [3.1, 6] }],
  specialPoints: [{ inputs: { X: { shape: [5], values: [0, 3, -3, 9, -9] } }, gradients: { X: [0.5, 1, 0, 1, 0] } }],
});
