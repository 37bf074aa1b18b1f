import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** 1 − x² as (1 − x)(1 + x): near ±1 the difference of squares would lose half the digits. */
export function oneMinusSquare(g: TypedOps, x: TypedValue): TypedValue {
  const one = g.scalar(1, x);
  return g.mul(g.sub(one, x), g.add(one, x));
}
