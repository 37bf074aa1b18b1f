import { defineGradient } from '../defineGradient.ts';

/** expanded = data with new axes of size 1;  d data = d expanded in data's shape. */
export const unsqueeze = defineGradient({
  opType: 'Unsqueeze',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Unsqueeze.html',
  formula: 'd data = reshape(d expanded, shape of data)',
  inputs: ['data', 'axes'],
  outputs: ['expanded'],
  attributes: {},
  vjp: ({ data }, { expanded: dy }, _, g) => ({ data: () => g.reshape(dy, data.shape) }),
  samples: [
    { inputs: { data: [2, 3] }, constants: { axes: [0, -1] } },
    { inputs: { data: [] }, constants: { axes: [0] } },
  ],
  specialPoints: [],
});
