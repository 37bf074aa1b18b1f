import { integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { defineComposite } from '../defineGradient.ts';

/** Y = (Σ |x|ᵖ)^(1/p) over all spatial axes: one window per channel. */
export const globalLpPool = defineComposite({
  opType: 'GlobalLpPool',
  sinceVersion: 2,
  source: 'https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html',
  formula: 'Y = LpPool(X) with a window over everything',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { p: 2 },
  decompose: ({ X }, { p }, g) => {
    const positions = elementCount(X.shape.slice(2));
    const pooled = g.op('LpPool', [g.reshape(X, [...X.shape.slice(0, 2), positions])], { kernel_shape: [positions], p });
    return [
      g.reshape(
        pooled,
        X.shape.map((dim, axis) => (axis < 2 ? dim : 1)),
      ),
    ];
  },
  samples: [
    { inputs: { X: [2, 3, 2, 4] } },
    { inputs: { X: [2, 3, 5] }, attributes: { p: integer(3) }, awayFromZero: 0.1 },
    { inputs: { X: [1, 2, 2, 3, 2] }, attributes: { p: integer(1) }, awayFromZero: 0.1 },
  ],
  specialPoints: [{ inputs: { X: { shape: [1, 2, 2], values: [0, 0, 3, -4] } }, gradients: { X: [0, 0, 0.6, -0.8] } }],
});
