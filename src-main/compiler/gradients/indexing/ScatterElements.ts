import { integer, toAttribute } from '../../onnx/attributes.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * output = data, in which the places that `indices` name along `axis` take `updates` (reduction none) or combine with them.
 * With g = d output and S the scatter, G the gather at `indices`:
 * - none: d data = g, 0 at the places; d updates = G(g). Indices must differ (ONNX leaves the result open otherwise).
 * - add: d data = g; d updates = G(g).
 * - mul: d data = g ⊙ S(1, updates, mul); d updates = G(g ⊙ product of the other factors), also where a factor is 0: the product
 *   of the factors other than 0, if no other factor is 0.
 * - max, min: shared equally among all that attain it, as PyTorch's scatter_reduce does.
 */
export const scatterElements = defineGradient({
  opType: 'ScatterElements',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ScatterElements.html',
  formula: 'd data = d output ⊙ ∂output/∂data;  d updates = gatherElements(d output, indices) ⊙ ∂output/∂updates',
  inputs: ['data', 'indices', 'updates'],
  outputs: ['output'],
  attributes: { axis: 0, reduction: 'none' },
  vjp: ({ data, indices, updates, output }, { output: dy }, { axis, reduction }, g) => {
    const places = axis === 0 ? {} : { axis };
    const gather = (from: TypedValue): TypedValue => g.op('GatherElements', [from, indices], places);
    const scatter = (into: TypedValue, values: TypedValue, how: string): TypedValue =>
      g.op('ScatterElements', [into, indices, values], { ...places, ...(how !== 'none' && { reduction: toAttribute('reduction', how) }) });
    switch (reduction) {
      case 'none':
        return { data: () => scatter(dy, g.filledLike(updates), 'none'), updates: () => gather(dy) };
      case 'add':
        return { data: () => dy, updates: () => gather(dy) };
      case 'mul':
        return {
          data: () => g.mul(dy, scatter(g.filledLike(data, 1), updates, 'mul')),
          updates: () => {
            const zero = equalMask(g, updates, g.scalar(0, updates));
            const nonZero = g.add(updates, zero);
            const product = scatter(data, nonZero, 'mul');
            const otherZeros = g.sub(gather(scatter(g.filledLike(data), zero, 'add')), zero);
            const others = g.mul(g.div(gather(product), nonZero), equalMask(g, otherZeros, g.scalar(0, updates)));
            return g.mul(gather(dy), others);
          },
        };
      default: {
        const attainedByData = (): TypedValue => equalMask(g, data, output);
        const attainedByUpdates = (): TypedValue => equalMask(g, updates, gather(output));
        // Each place is attained at least once, so this is at least 1 wherever the gradient goes.
        const shared = (): TypedValue => g.div(dy, g.op('Max', [scatter(attainedByData(), attainedByUpdates(), 'add'), g.scalar(1, dy)]));
        return {
          data: () => g.mul(shared(), attainedByData()),
          updates: () => g.mul(gather(shared()), attainedByUpdates()),
        };
      }
    }
  },
  samples: [
    { inputs: { data: [3, 3], updates: [2, 3] }, constants: { indices: tensorOf('int64', [2, 3], [1, 0, 2, 0, -1, 1]) } },
    ...['add', 'mul', 'max', 'min'].map((reduction) => ({
      inputs: { data: [3, 4], updates: [2, 3] },
      constants: { indices: tensorOf('int32', [2, 3], [1, -3, 3, 0, 0, -4]) },
      attributes: { axis: integer(1), reduction: toAttribute('reduction', reduction) },
      awayFromZero: 0.3,
      apart: 0.02,
    })),
    {
      inputs: { data: [2, 3], updates: [1, 2] },
      constants: { indices: tensorOf('int64', [1, 2], [-1, 0]) },
      attributes: { axis: integer(-1) },
    },
  ],
  specialPoints: [
    {
      // 2·0·3 and 5·0: the zero factor alone has a gradient.
      inputs: { data: { shape: [2], values: [2, 5] }, updates: { shape: [3], values: [0, 3, 0] } },
      constants: { indices: [0, 0, 1] },
      attributes: { reduction: toAttribute('reduction', 'mul') },
      gradients: { data: [0, 0], updates: [6, 0, 5] },
    },
    {
      inputs: { data: { shape: [2], values: [2, 5] }, updates: { shape: [3], values: [2, 2, 1] } },
      constants: { indices: [0, 0, 1] },
      attributes: { reduction: toAttribute('reduction', 'max') },
      gradients: { data: [1 / 3, 1], updates: [1 / 3, 1 / 3, 0] },
    },
  ],
});

function equalMask(g: TypedOps, left: TypedValue, right: TypedValue): TypedValue {
  return g.cast(g.op('Equal', [left, right]), left.dtype);
}
