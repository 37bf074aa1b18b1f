import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = input in the element type of target_type, which gets no gradient;  d input = d output in the input's. */
export const castLike = defineGradient({
  opType: 'CastLike',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__CastLike.html',
  formula: 'd input = cast(d output)',
  inputs: ['input', 'target_type'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input }, { output: dy }, _, g) => ({ input: () => g.cast(dy, input.dtype) }),
  samples: [{ inputs: { input: [2, 3] }, constants: { target_type: tensorOf('float64', [1], [0]) } }],
  specialPoints: [],
});
