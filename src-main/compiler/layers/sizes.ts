import type { TypedValue } from '../2-shapes/typedOps.ts';

/** The size of an axis that must be known when the model is built. Throws an ordinary Error. */
export function channelsOf(x: TypedValue, axis: number): number {
  const dim = x.shape.at(axis);
  if (typeof dim !== 'number') throw new Error(`"${x.name}" [${x.shape.join(', ')}]: the size of axis ${axis} must be a number.`);
  return dim;
}

/** One number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[];

export function perAxis(value: PerAxis, rank: number, what: string): readonly number[] {
  if (typeof value === 'number') return Array.from({ length: rank }, () => value);
  if (value.length !== rank) throw new Error(`${what} has ${value.length} numbers for ${rank} axes.`);
  return value;
}
