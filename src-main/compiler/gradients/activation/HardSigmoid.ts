import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = max(0, min(1, α X + β));  dX = α dY ⊙ [0 < Y < 1]. */
export const hardSigmoid = defineGradient({
  opType: 'HardSigmoid',
  sinceVersion: 6,
  source: 'https://onnx.ai/onnx/operators/onnx__HardSigmoid.html',
  formula: 'dX = α dY ⊙ [0 < Y < 1]',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 0.2, beta: 0.5 },
  vjp: ({ Y }, { Y: dY }, { alpha }, g) => ({
    X: () => {
      const inside = g.op('And', [g.op('Greater', [Y, g.scalar(0, Y)]), g.op('Less', [Y, g.scalar(1, Y)])]);
      return g.mul(dY, g.mul(g.cast(inside, Y.dtype), g.scalar(alpha, Y)));
    },
  }),
  samples: [
    { inputs: { X: [3, 5] } },
    { inputs: { X: [3, 5] }, attributes: { alpha: float(0.5), beta: float(0.25) }, domain: [-0.4, 1.4] },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [5], values: [-1, 0, 1, 3, -3] } },
      attributes: { alpha: float(0.5) },
      gradients: { X: [0, 0.5, 0, 0, 0] },
    },
  ],
});
