import { fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** Repeats the gradient of a reduction along the reduced axes, whether or not the reduction kept them. */
export function spreadOver(g: TypedOps, gradient: TypedValue, data: TypedValue, axes: TypedValue | undefined): TypedValue {
  const rank = data.shape.length;
  const reduced = new Set(axes ? g.constantIntegers(axes, 'axes').map((axis) => fromEnd(axis, rank)) : data.shape.keys());
  const kept = g.reshape(
    gradient,
    data.shape.map((dim, axis) => (reduced.has(axis) ? 1 : dim)),
  );
  return g.op('Expand', [kept, g.graph.int64(data.shape.map((dim) => (typeof dim === 'number' ? dim : 1)))]);
}
