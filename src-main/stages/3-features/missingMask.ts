import type { GraphBuilder, Value } from '../../compiler/index.ts';

/** NaN is missing; an infinite number is no measurement either. */
export function missingMask(g: GraphBuilder, x: Value): Value {
  const bool = { output: { dtype: 'bool' as const, shape: x.shape } };
  return g.op('Or', [g.op('IsNaN', [x], bool), g.op('IsInf', [x], bool)], bool);
}
