import { fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { sameShape } from '../../2-shapes/broadcast.ts';
import type { Shape } from '../../onnx/graph.ts';

/** What says which axes a reduction took: its data, its `axes` input (absent or empty: all) and `noop_with_empty_axes`. */
export interface Reduced {
  readonly data: TypedValue;
  readonly axes: TypedValue | undefined;
  /** 1: without axes nothing is reduced. */
  readonly noop: number;
}

/** The reduced axes, counted from the front. */
export function reducedAxes(g: TypedOps, { data, axes, noop }: Reduced): number[] {
  const listed = axes ? g.constantIntegers(axes, 'axes') : [];
  if (listed.length > 0) return listed.map((axis) => fromEnd(axis, data.shape.length));
  return noop ? [] : [...data.shape.keys()];
}

/** A value in the shape of a reduction's result, with the reduced axes kept as 1, so that it broadcasts against the data. */
export function keepAxes(g: TypedOps, value: TypedValue, reduced: Reduced): TypedValue {
  const axes = new Set(reducedAxes(g, reduced));
  return g.reshape(value, keptShape(reduced.data.shape, axes));
}

/** Repeats the gradient of a reduction along the reduced axes, whether or not the reduction kept them. */
export function spreadOver(g: TypedOps, gradient: TypedValue, reduced: Reduced): TypedValue {
  const kept = keepAxes(g, gradient, reduced);
  if (sameShape(kept.shape, reduced.data.shape)) return kept;
  return g.op('Expand', [kept, g.graph.int64(reduced.data.shape.map((dim) => (typeof dim === 'number' ? dim : 1)))]);
}

export function keptShape(shape: Shape, axes: ReadonlySet<number>): Shape {
  return shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
}
