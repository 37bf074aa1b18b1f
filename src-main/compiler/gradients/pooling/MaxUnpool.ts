import { ints } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';

const indices = (shape: readonly number[], values: readonly number[]) =>
  ({ dtype: 'int64', shape, data: BigInt64Array.from(values, BigInt) }) as const;

/**
 * output = zeros with X set at the indices I, counted through the whole output;  dX = d output[I]. The indices differ
 * from each other, as those of windows that do not overlap do.
 */
export const maxUnpool = defineGradient({
  opType: 'MaxUnpool',
  sinceVersion: 11,
  source: 'https://onnx.ai/onnx/operators/onnx__MaxUnpool.html',
  formula: 'dX[j] = d output[I[j]]',
  inputs: ['X', 'I', 'output_shape'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ I }, { output: dy }, _, g) => ({ X: () => g.gather(g.reshape(dy, [elementCount(dy.shape)]), I) }),
  samples: [
    {
      inputs: { X: [1, 2, 2, 2] },
      constants: { I: indices([1, 2, 2, 2], [0, 2, 9, 15, 16, 23, 28, 26]) },
      attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    },
    {
      inputs: { X: [1, 1, 2, 2] },
      constants: { I: indices([1, 1, 2, 2], [6, 3, 21, 18]), output_shape: [1, 1, 5, 5] },
      attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    },
    {
      inputs: { X: [2, 1, 2] },
      constants: { I: indices([2, 1, 2], [1, 2, 4, 6]) },
      attributes: { kernel_shape: ints([2]), strides: ints([2]) },
    },
  ],
  specialPoints: [],
});
