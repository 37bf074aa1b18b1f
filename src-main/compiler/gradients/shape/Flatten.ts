import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = input as a matrix, split before `axis`;  d input = d output in input's shape. */
export const flatten = defineGradient({
  opType: 'Flatten',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Flatten.html',
  formula: 'd input = reshape(d output, shape of input)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: 1 },
  vjp: ({ input }, { output: dy }, _, g) => ({ input: () => g.reshape(dy, input.shape) }),
  samples: [
    { inputs: { input: [2, 3, 4] } },
    { inputs: { input: [2, 3, 4] }, attributes: { axis: integer(2) } },
    { inputs: { input: [2, 3, 4] }, attributes: { axis: integer(-1) } },
  ],
  specialPoints: [],
});
