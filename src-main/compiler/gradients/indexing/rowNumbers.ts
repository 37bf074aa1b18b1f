import { elementCount, type Shape } from '../../onnx/graph.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { integers } from './addRows.ts';

/** Index tuples (the last axis of `indices`) into axes of these sizes as one number each, row-major, counted from the start. */
export function rowNumbers(g: TypedOps, sizes: Shape, indices: TypedValue): TypedValue {
  const depth = sizes.length;
  const known = g.op('Mod', [indices, integers(g, indices, [depth], sizes as readonly number[])]);
  if (depth === 1) return g.reshape(known, indices.shape.slice(0, -1));
  const strides = sizes.map((_, axis) => elementCount(sizes.slice(axis + 1)));
  return g.reduceSum(g.mul(known, integers(g, indices, [depth], strides)), [indices.shape.length - 1], false);
}
