import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** value · scale; the value itself where the scale is a constant full of ones, as behind decompositions. */
export function scaled(g: TypedOps, value: TypedValue, scale: TypedValue): TypedValue {
  const constant = g.graph.constantValue(scale);
  const allOnes = (constant?.dtype === 'float32' || constant?.dtype === 'float64') && constant.data.every((each) => each === 1);
  return allOnes ? value : g.mul(value, scale);
}

/** A constant vector of ones in the type of `like`. */
export function ones(g: TypedOps, count: number, like: TypedValue): TypedValue {
  return g.tensor(
    [count],
    Array.from({ length: count }, () => 1),
    like,
  );
}
