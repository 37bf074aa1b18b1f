import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** Tensors of one shape along a new axis. */
export function stack(g: TypedOps, list: readonly TypedValue[], axis: number): TypedValue {
  const { shape } = list[0]!;
  const wide = list.map((each) => g.reshape(each, [...shape.slice(0, axis), 1, ...shape.slice(axis)]));
  return wide.length === 1 ? wide[0]! : g.op('Concat', wide, { axis });
}

/** The parts of a tensor along one axis, without it. */
export function unstack(g: TypedOps, value: TypedValue, axis: number, length: number): readonly TypedValue[] {
  const shape = value.shape.filter((_, at) => at !== axis);
  const parts = length === 1 ? [value] : g.node('Split', [value], { axis, num_outputs: length }, length);
  return parts.map((each) => g.reshape(each, shape));
}
