import { defineGradient } from '../defineGradient.ts';

/** output = input;  d input = d output. */
export const identity = defineGradient({
  opType: 'Identity',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Identity.html',
  formula: 'd input = d output',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: (_, { output: dy }) => ({ input: () => dy }),
  samples: [{ inputs: { input: [2, 3] } }],
  specialPoints: [],
});
