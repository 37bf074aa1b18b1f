import { ints } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** transposed = data with its axes permuted (default: reversed);  d data = d transposed with the inverse permutation. */
export const transpose = defineGradient({
  opType: 'Transpose',
  sinceVersion: 21,
  source: 'https://onnx.ai/onnx/operators/onnx__Transpose.html',
  formula: 'd data = transpose(d transposed, perm⁻¹)',
  inputs: ['data'],
  outputs: ['transposed'],
  attributes: { perm: undefined as readonly number[] | undefined },
  vjp: ({ data }, { transposed: dy }, { perm }, g) => ({
    data: () => {
      const used = perm ?? data.shape.map((_, axis) => data.shape.length - 1 - axis);
      return g.transpose(
        dy,
        used.map((_, axis) => used.indexOf(axis)),
      );
    },
  }),
  samples: [{ inputs: { data: [2, 3] } }, { inputs: { data: [2, 3, 4] }, attributes: { perm: ints([1, 2, 0]) } }],
  specialPoints: [],
});
