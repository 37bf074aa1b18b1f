import type { GraphBuilder, Value } from '../../compiler/index.ts';

export function toFloat(g: GraphBuilder, x: Value): Value {
  return g.op('Cast', [x], { attributes: { to: 1 }, output: { dtype: 'float32', shape: x.shape } });
}

export function toDouble(g: GraphBuilder, x: Value): Value {
  return g.op('Cast', [x], { attributes: { to: 11 }, output: { dtype: 'float64', shape: x.shape } });
}
