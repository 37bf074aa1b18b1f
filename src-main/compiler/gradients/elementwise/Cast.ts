import { integer } from '../../onnx/attributes.ts';
import { dataTypeCodes } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = input in another element type;  d input = d output in the input's. Between floats alone: integers and truth values have no gradient. */
export const cast = defineGradient({
  opType: 'Cast',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Cast.html',
  formula: 'd input = cast(d output)',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input }, { output: dy }, _, g) => ({ input: () => g.cast(dy, input.dtype) }),
  samples: [{ inputs: { input: [2, 3] }, attributes: { to: integer(dataTypeCodes.float32) } }],
  specialPoints: [],
});
