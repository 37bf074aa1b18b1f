import { elementCount } from '../../onnx/graph.ts';
import { defineComposite } from '../defineGradient.ts';

/** Y = largest over all spatial axes: one window per channel. The first of equal elements takes the gradient. */
export const globalMaxPool = defineComposite({
  opType: 'GlobalMaxPool',
  sinceVersion: 1,
  source: 'https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html',
  formula: 'Y = MaxPool(X) with a window over everything',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  decompose: ({ X }, _, g) => {
    const positions = elementCount(X.shape.slice(2));
    const pooled = g.op('MaxPool', [g.reshape(X, [...X.shape.slice(0, 2), positions])], { kernel_shape: [positions] });
    return [
      g.reshape(
        pooled,
        X.shape.map((dim, axis) => (axis < 2 ? dim : 1)),
      ),
    ];
  },
  samples: [
    { inputs: { X: [2, 3, 2, 4] }, apart: 0.01 },
    { inputs: { X: [2, 3, 5] }, apart: 0.01 },
    { inputs: { X: [1, 2, 2, 3, 2] }, apart: 0.01 },
  ],
  specialPoints: [{ inputs: { X: { shape: [1, 2, 2], values: [3, 3, -1, -1] } }, gradients: { X: [1, 0, 1, 0] } }],
});
