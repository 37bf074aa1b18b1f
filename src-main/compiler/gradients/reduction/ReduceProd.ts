import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { keepAxes, reducedAxes } from './spreadOver.ts';

/**
 * reduced = Π data over axes;  d dataᵢ = d reduced ⊙ product of the others: of the nonzero ones divided by dataᵢ, and 0
 * where another one is 0. The second derivative is exact except where a group contains a zero: there the terms that join
 * the zero with another element are missing.
 */
export const reduceProd = defineGradient({
  opType: 'ReduceProd',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceProd.html',
  formula: 'd dataᵢ = d reduced ⊙ Π_{j ≠ i} dataⱼ',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => {
      const kept = (value: TypedValue): TypedValue => keepAxes(g, value, { data, axes, noop });
      const zero = g.scalar(0, data);
      const isZero = g.op('Equal', [data, zero]);
      const zeros = g.cast(isZero, data.dtype);
      const withoutZeros = g.op('Where', [isZero, g.scalar(1, data), data]);
      const over = reducedAxes(g, { data, axes, noop });
      const others = g.div(product(g, withoutZeros, over), withoutZeros);
      const noOtherZero = g.cast(g.op('Equal', [g.sub(g.reduceSum(zeros, over), zeros), zero]), data.dtype);
      return g.mul(g.mul(kept(dy), noOtherZero), others);
    },
  }),
  samples: [
    { inputs: { data: [2, 3] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) } },
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

function product(g: TypedOps, data: TypedValue, axes: readonly number[]): TypedValue {
  return axes.length === 0 ? data : g.op('ReduceProd', [data, g.graph.int64(axes)]);
}
