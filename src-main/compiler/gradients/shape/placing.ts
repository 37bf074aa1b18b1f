import type { ShapeContext } from '../../2-shapes/rules/shapeRule.ts';
import { fixed } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { RuleNode } from '../defineGradient.ts';

/** A node as the shape rules see it: what they read from constants, gradient rules read the same way. */
export function contextOf(g: TypedOps, { inputs, attributes }: Pick<RuleNode, 'inputs' | 'attributes'>, outputCount = 1): ShapeContext {
  return { inputs, attributes, constant: (at) => g.graph.constantValue(inputs[at]), outputCount };
}

/** `count` elements of one axis from `start` on. */
export function take(g: TypedOps, data: TypedValue, axis: number, start: number, count: number): TypedValue {
  if (start === 0 && data.shape[axis] === count) return data;
  return g.op('Slice', [data, g.graph.int64([start]), g.graph.int64([start + count]), g.graph.int64([axis])]);
}

/** The axes back to front. */
export function reverse(g: TypedOps, data: TypedValue, axes: readonly number[]): TypedValue {
  if (axes.length === 0) return data;
  const each = (value: number): TypedValue => g.graph.int64(axes.map(() => value)) as TypedValue;
  return g.op('Slice', [data, each(-1), each(-(2 ** 31)), g.graph.int64(axes), each(-1)]);
}

/** Zeros before and after each axis; negative amounts cut. Cuts alone are a Slice, which copies whole rows. */
export function pad(g: TypedOps, data: TypedValue, before: readonly number[], after: readonly number[]): TypedValue {
  const changed = data.shape.flatMap((_, axis) => (before[axis] !== 0 || after[axis] !== 0 ? [axis] : []));
  if (changed.length === 0) return data;
  if (changed.some((axis) => before[axis]! > 0 || after[axis]! > 0)) return g.op('Pad', [data, g.graph.int64([...before, ...after])]);
  const ends = changed.map((axis) => fixed(data.shape[axis], 'A size to cut') + after[axis]!);
  return g.op('Slice', [data, g.graph.int64(changed.map((axis) => -before[axis]!)), g.graph.int64(ends), g.graph.int64(changed)]);
}

/** One axis of zeros, `size` long, with `data` at `start`. */
export function place(g: TypedOps, data: TypedValue, axis: number, start: number, size: number): TypedValue {
  const zeros = data.shape.map(() => 0);
  const rest = size - start - fixed(data.shape[axis], 'A size to place');
  return pad(g, data, zeros.with(axis, start), zeros.with(axis, rest));
}
