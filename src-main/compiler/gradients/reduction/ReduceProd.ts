import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { defineComposite } from '../defineGradient.ts';
import { keptShape, reducedAxes } from './spreadOver.ts';

/**
 * reduced = Π data over axes, as a tree of Mul: halves times halves. So no derivative divides by an element, and all are
 * exact where elements are 0, to any order: d dataᵢ = d reduced ⊙ Π_{j ≠ i} dataⱼ.
 */
export const reduceProd = defineComposite({
  opType: 'ReduceProd',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceProd.html',
  formula: 'd dataᵢ = d reduced ⊙ Π_{j ≠ i} dataⱼ',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0, keepdims: 1 },
  decompose: ({ data, axes }, { noop_with_empty_axes: noop, keepdims }, g) => {
    const reduced = reducedAxes(g, { data, axes, noop });
    const others = [...data.shape.keys()].filter((axis) => !reduced.includes(axis));
    const kept = others.map((axis) => data.shape[axis]!);
    const count = elementCount(reduced.map((axis) => data.shape[axis]!));
    const inFront = g.reshape(g.transpose(data, [...reduced, ...others]), [count, ...kept]);
    const shape = keepdims ? keptShape(data.shape, new Set(reduced)) : kept;
    return [g.reshape(count === 0 ? g.expand(g.scalar(1, data), [1, ...kept]) : productOfFirstAxis(g, inFront, count), shape)];
  },
  samples: [
    { inputs: { data: [2, 3] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) } },
    { inputs: { data: [2, 7] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) } },
  ],
  specialPoints: [
    {
      inputs: { data: { shape: [3, 3], values: [2, 0, 3, 0, 0, 3, 2, 4, 5] } },
      constants: { axes: [1] },
      gradients: { data: [0, 6, 0, 0, 0, 0, 20, 10, 8] },
    },
  ],
});

/** [n, …] to [1, …]. */
function productOfFirstAxis(g: TypedOps, data: TypedValue, count: number): TypedValue {
  if (count === 1) return data;
  const half = Math.floor(count / 2);
  const sizes = count % 2 === 0 ? [half, half] : [half, half, 1];
  const [first, second, last] = g.node('Split', [data, g.graph.int64(sizes)], { axis: 0 }, sizes.length);
  const product = productOfFirstAxis(g, g.mul(first!, second!), half);
  return last ? g.mul(product, last) : product;
}
