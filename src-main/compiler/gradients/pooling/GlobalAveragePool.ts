import { elementCount } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = mean over all spatial axes;  dX = dY / number of positions, everywhere. */
export const globalAveragePool = defineGradient({
  opType: 'GlobalAveragePool',
  sinceVersion: 1,
  source: 'https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html',
  formula: 'dX = dY / (D1·D2·…)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ X }, { Y: dY }, _, g) => ({
    X: () => g.expand(g.mul(dY, g.scalar(1 / elementCount(X.shape.slice(2)), dY)), X.shape),
  }),
  samples: [{ inputs: { X: [2, 3, 2, 4] } }, { inputs: { X: [2, 3, 5] } }, { inputs: { X: [1, 2, 2, 3, 2] } }],
  specialPoints: [],
});
