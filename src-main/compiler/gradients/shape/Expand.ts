import { defineGradient } from '../defineGradient.ts';

/** output = input repeated to `shape`, which may also be the smaller one;  d input = Σ over the repetitions, by the walker. */
export const expand = defineGradient({
  opType: 'Expand',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Expand.html',
  formula: 'd input = Σ_repeated(d output)',
  inputs: ['input', 'shape'],
  outputs: ['output'],
  attributes: {},
  vjp: (_tensors, { output: dy }) => ({ input: () => dy }),
  samples: [
    { inputs: { input: [3, 1] }, constants: { shape: [2, 1, 4] } },
    { inputs: { input: [2, 3] }, constants: { shape: [1, 3] } },
    { inputs: { input: [1, 2, 1, 3] }, constants: { shape: [4, 2, 5, 3] } },
  ],
  specialPoints: [],
});
