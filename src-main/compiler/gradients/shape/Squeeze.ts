import { defineGradient } from '../defineGradient.ts';

/** squeezed = data without some (default: all) axes of size 1;  d data = d squeezed in data's shape. */
export const squeeze = defineGradient({
  opType: 'Squeeze',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Squeeze.html',
  formula: 'd data = reshape(d squeezed, shape of data)',
  inputs: ['data', 'axes'],
  outputs: ['squeezed'],
  attributes: {},
  vjp: ({ data }, { squeezed: dy }, _, g) => ({ data: () => g.reshape(dy, data.shape) }),
  samples: [{ inputs: { data: [1, 3, 1, 2] } }, { inputs: { data: [1, 3, 1, 2] }, constants: { axes: [-2] } }],
  specialPoints: [],
});
