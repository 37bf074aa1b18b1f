import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** d (x s) / dx = s + α x s (1 − s), s = σ(α x) — Ramachandran et al. 2017, https://arxiv.org/abs/1710.05941 */
export function swishSlope(g: TypedOps, x: TypedValue, alpha: number): TypedValue {
  const scaled = alpha === 1 ? x : g.mul(x, g.scalar(alpha, x));
  const s = g.op('Sigmoid', [scaled]);
  return g.add(s, g.mul(scaled, g.mul(s, g.sub(g.scalar(1, s), s))));
}
