import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/**
 * Gradient of a unit that is `slope`·x for x > 0 and scale·exp(x / width) + constant below, the corner included:
 * dY ⊙ slope, or dY ⊙ scale / width · exp(x / width).
 */
export function exponentialUnit(
  g: TypedOps,
  x: TypedValue,
  dY: TypedValue,
  { slope, scale, width }: { slope: number; scale: number; width: number },
): TypedValue {
  // The minimum keeps exp finite on the side that is not taken: its own derivative there would be 0 · ∞.
  const below = g.op('Min', [x, g.scalar(0, x)]);
  const raised = g.exp(width === 1 ? below : g.mul(below, g.scalar(1 / width, x)));
  const times = (factor: number): TypedValue => (factor === 1 ? dY : g.mul(dY, g.scalar(factor, x)));
  return g.op('Where', [g.op('Greater', [x, g.scalar(0, x)]), times(slope), g.mul(times(scale / width), raised)]);
}
