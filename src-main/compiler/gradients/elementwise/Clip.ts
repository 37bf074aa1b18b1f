import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * output = min(max(input, min), max), bounds optional. d input = d output inside and on the bounds (as PyTorch's clamp);
 * a bound gets the gradient of what it replaced. With min above max everything becomes max.
 */
export const clip = defineGradient({
  opType: 'Clip',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Clip.html',
  formula: 'd input = d output ⊙ [output = input], d min = d output ⊙ [input < min ≤ max], d max = d output ⊙ [max(input, min) > max]',
  inputs: ['input', 'min', 'max'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input, min, max, output }, { output: dy }, _, g) => ({
    input: () => g.mul(dy, g.cast(g.op('Equal', [input, output]), dy.dtype)),
    min: () => {
      const below = g.op('Less', [input, min]);
      return g.mul(dy, g.cast(max ? g.op('And', [below, g.op('LessOrEqual', [min, max])]) : below, dy.dtype));
    },
    max: () => g.mul(dy, g.greaterMask(min ? g.op('Max', [input, min]) : input, max)),
  }),
  samples: [
    {
      inputs: { input: [3, 5] },
      constants: { min: tensorOf('float64', [], [-1]), max: tensorOf('float64', [], [1.2]) },
      apart: 1e-3,
    },
    { inputs: { input: [3, 5] }, constants: { max: tensorOf('float64', [], [0.3]) }, apart: 1e-3 },
    { inputs: { input: [3, 5], min: [] }, apart: 0.02 },
    { inputs: { input: [3, 5], min: [], max: [] }, apart: 0.02 },
  ],
  specialPoints: [
    {
      inputs: {
        input: { shape: [5], values: [-3, -1, 0, 1, 3] },
        min: { shape: [], values: [-1] },
        max: { shape: [], values: [1] },
      },
      gradients: { input: [0, 1, 1, 1, 0], min: [1], max: [1] },
    },
    {
      inputs: { input: { shape: [3], values: [-3, 0, 3] }, min: { shape: [], values: [1] }, max: { shape: [], values: [-1] } },
      gradients: { input: [0, 0, 0], min: [0], max: [3] },
    },
  ],
});
