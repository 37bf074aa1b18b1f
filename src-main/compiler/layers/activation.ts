import type { TypedValue } from '../2-shapes/typedOps.ts';
import type { ModelBuilder } from './ModelBuilder.ts';

export type ActivationName = 'Relu' | 'Tanh' | 'Sigmoid' | 'Gelu' | 'Silu' | 'Selu';

export function relu(m: ModelBuilder, x: TypedValue): TypedValue {
  return m.g.op('Relu', [x]);
}

/** x·Φ(x), exactly — Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415 eq. 1. */
export function gelu(m: ModelBuilder, x: TypedValue): TypedValue {
  return m.g.op('Gelu', [x]);
}

/** x·σ(x), also called Swish — Ramachandran et al. 2017, https://arxiv.org/abs/1710.05941. */
export function silu(m: ModelBuilder, x: TypedValue): TypedValue {
  return m.g.mul(x, m.g.op('Sigmoid', [x]));
}

export function activate(m: ModelBuilder, x: TypedValue, name: ActivationName): TypedValue {
  if (name === 'Gelu') return gelu(m, x);
  return name === 'Silu' ? silu(m, x) : m.g.op(name, [x]);
}
