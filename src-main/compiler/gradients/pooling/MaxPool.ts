import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { windowAttributes, windowsOver } from '../../2-shapes/window.ts';
import { integer, ints } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';
import { disjoint } from './averaging.ts';

/**
 * Y = largest element of each window, Indices = where it is in X, counted through the whole tensor;  dX = dY laid back
 * there, adding where windows overlap. The first of equal elements wins, in row order.
 */
export const maxPool = defineGradient({
  opType: 'MaxPool',
  sinceVersion: 12,
  source: 'https://onnx.ai/onnx/operators/onnx__MaxPool.html',
  formula: 'dX[i] = Σ_windows whose first maximum is i  dY[window]',
  inputs: ['X'],
  outputs: ['Y', 'Indices'],
  attributes: { kernel_shape: [], storage_order: 0 },
  vjp: ({ X, Y }, { Y: dY }, { kernel_shape, storage_order }, g, { attributes }) => ({
    X: () => {
      const windows = windowsOver('MaxPool', attributes, X.shape.slice(2), kernel_shape);
      // Column-major indices suit nobody below: asked for again in row order.
      const indices = storage_order === 0 ? g.furtherOutput(Y, 1) : g.node('MaxPool', [X], windowAttributes(windows), 2)[1]!;
      if (!disjoint(windows)) return addAt(g, dY, indices, X);
      // Only the output shape counts; from window sizes ONNX Runtime would infer one that may not fit (padding, ceil_mode).
      return g.op('MaxUnpool', [dY, indices, g.graph.int64(X.shape as number[])], { kernel_shape: windows.kernel.map(() => 1) });
    },
  }),
  samples: [
    { inputs: { X: [2, 2, 4, 6] }, attributes: { kernel_shape: ints([2, 3]), strides: ints([2, 3]) }, apart: 0.01 },
    { inputs: { X: [2, 2, 5, 5] }, attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }, outputCount: 1, apart: 0.01 },
    {
      inputs: { X: [1, 2, 5, 5] },
      attributes: { kernel_shape: ints([3, 3]), strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) },
      apart: 0.01,
    },
    {
      inputs: { X: [1, 2, 6, 5] },
      attributes: { kernel_shape: ints([2, 2]), dilations: ints([2, 3]), pads: ints([0, 1, 1, 0]) },
      apart: 0.01,
    },
    { inputs: { X: [2, 1, 5, 5] }, attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: integer(1) }, apart: 0.01 },
    { inputs: { X: [2, 2, 4, 5] }, attributes: { kernel_shape: ints([2, 2]), storage_order: integer(1) }, apart: 0.01 },
    {
      inputs: { X: [1, 2, 5, 4] },
      attributes: { kernel_shape: ints([3, 2]), strides: ints([2, 1]), auto_pad: { kind: 'string', value: 'SAME_UPPER' } },
      apart: 0.01,
    },
    {
      inputs: { X: [1, 2, 5, 4] },
      attributes: { kernel_shape: ints([2, 2]), auto_pad: { kind: 'string', value: 'SAME_LOWER' } },
      outputCount: 1,
      apart: 0.01,
    },
    { inputs: { X: [2, 3, 7] }, attributes: { kernel_shape: ints([3]), strides: ints([3]), pads: ints([1, 1]) }, apart: 0.01 },
    { inputs: { X: [2, 3, 7] }, attributes: { kernel_shape: ints([3]), strides: ints([2]) }, apart: 0.01 },
    { inputs: { X: [1, 2, 4, 2, 3] }, attributes: { kernel_shape: ints([2, 2, 2]), strides: ints([2, 1, 1]) }, apart: 0.01 },
    { inputs: { X: [1, 2, 4, 2, 4] }, attributes: { kernel_shape: ints([2, 2, 2]), strides: ints([2, 2, 2]) }, apart: 0.01 },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [1, 1, 4], values: [1, 1, 0, 0] } },
      attributes: { kernel_shape: ints([2]), strides: ints([2]) },
      gradients: { X: [1, 0, 1, 0] },
    },
    {
      inputs: { X: { shape: [1, 1, 2, 3], values: [5, 5, 5, 5, 5, 5] } },
      attributes: { kernel_shape: ints([2, 2]) },
      cotangent: [2, 3],
      gradients: { X: [2, 3, 0, 0, 0, 0] },
    },
  ],
});

/** Zeros like `like`, to which `values` are added at the indices. ScatterND would race: two threads, one element. */
function addAt(g: TypedOps, values: TypedValue, indices: TypedValue, like: TypedValue): TypedValue {
  const zeros = g.expand(g.scalar(0, like), [elementCount(like.shape)]);
  const count = elementCount(values.shape);
  const sums = g.op('ScatterElements', [zeros, g.reshape(indices, [count]), g.reshape(values, [count])], { axis: 0, reduction: 'add' });
  return g.reshape(sums, like.shape);
}
