import { float, integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = X⁻¹ over the last two axes;  dX = −Yᵀ·dY·Yᵀ. */
export const inverse = defineGradient({
  opType: 'Inverse',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source:
    'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Inverse and Giles 2008, An extended collection of matrix derivative results, §2.2.3',
  formula: 'dX = −Yᵀ·dY·Yᵀ',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ Y }, { Y: dY }, _, g) => ({
    X: () => {
      const right = g.op('com.microsoft.FusedMatMul', [dY, Y], { alpha: float(-1), transB: integer(1) });
      return g.op('com.microsoft.FusedMatMul', [Y, right], { transA: integer(1) });
    },
  }),
  samples: [{ inputs: { X: [2, 2] } }, { inputs: { X: [2, 3, 3] } }],
  specialPoints: [{ inputs: { X: { shape: [2, 2], values: [2, 0, 0, 4] } }, gradients: { X: [-0.25, -0.125, -0.125, -0.0625] } }],
});
