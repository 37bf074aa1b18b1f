import { defineGradient } from '../defineGradient.ts';

/** reshaped = data in another shape;  d data = d reshaped in data's shape. `shape` is a constant. */
export const reshape = defineGradient({
  opType: 'Reshape',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Reshape.html',
  formula: 'd data = reshape(d reshaped, shape of data)',
  inputs: ['data', 'shape'],
  outputs: ['reshaped'],
  attributes: {},
  vjp: ({ data }, { reshaped: dy }, _, g) => ({ data: () => g.reshape(dy, data.shape) }),
  samples: [
    { inputs: { data: [2, 6] }, constants: { shape: [3, -1] } },
    { inputs: { data: [2, 3, 4] }, constants: { shape: [0, 12] } },
  ],
  specialPoints: [],
});
