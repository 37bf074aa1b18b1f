import { fixed, fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { place } from './placing.ts';

/** outputs = parts of input along `axis`, equal or of the sizes in `split`;  d input = the parts' gradients one after the other. */
export const split = defineGradient({
  opType: 'Split',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__Split.html',
  formula: 'd input = concat(d outputs), zeros for a part that nothing uses',
  inputs: ['input', 'split'],
  outputs: ['outputs'],
  variadicOutputs: true,
  attributes: { axis: 0 },
  vjp: ({ input }, _gradients, { axis: listed }, g, { outputs, gradients }) => ({
    input: () => {
      const axis = fromEnd(listed, input.shape.length);
      const used = gradients.flatMap((each, at) => (each ? [at] : []));
      if (used.length === 1 && outputs.length > 1) {
        // One part alone: zeros around it, without making the zeros first.
        const sizes = outputs.map((each) => fixed(each.shape[axis], 'A part of Split'));
        const start = sizes.slice(0, used[0]).reduce((sum, size) => sum + size, 0);
        return place(g, gradients[used[0]!]!, axis, start, fixed(input.shape[axis], 'The size that Split divides'));
      }
      const parts = outputs.map((each, at) => gradients[at] ?? g.filledLike(each));
      return parts.length === 1 ? parts[0]! : g.op('Concat', parts, { axis });
    },
  }),
  samples: [
    { inputs: { input: [2, 6] }, attributes: { axis: integer(1), num_outputs: integer(3) }, outputCount: 3 },
    { inputs: { input: [5, 2] }, attributes: { num_outputs: integer(2) }, outputCount: 2 },
    { inputs: { input: [2, 5, 2] }, constants: { split: [1, 3, 1] }, attributes: { axis: integer(-2) }, outputCount: 3 },
    { inputs: { input: [2, 3] }, attributes: { num_outputs: integer(1) }, outputCount: 1 },
  ],
  specialPoints: [],
});
