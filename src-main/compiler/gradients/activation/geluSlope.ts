import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** d gelu / dx = Φ(x) + x φ(x), Φ the normal distribution and φ its density — Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415 */
export function geluSlope(g: TypedOps, x: TypedValue): TypedValue {
  const number = (value: number): TypedValue => g.scalar(value, x);
  const distribution = g.mul(g.add(g.op('Erf', [g.mul(x, number(Math.SQRT1_2))]), number(1)), number(0.5));
  // 1/√(2π) goes into the exponent: one multiplication less.
  const density = g.exp(g.sub(number(-0.5 * Math.log(2 * Math.PI)), g.mul(g.mul(x, x), number(0.5))));
  return g.add(distribution, g.mul(x, density));
}

/** From here on tanh is ±1 in float64, too, so the slope is 0 or 1 exactly; closer than where x² overflows. */
const flatFrom = 12;

/** Slope of the approximation ½ x (1 + t), t = tanh(√(2/π) (x + 0.044715 x³)):  ½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²). */
export function tanhGeluSlope(g: TypedOps, input: TypedValue): TypedValue {
  const number = (value: number): TypedValue => g.scalar(value, input);
  const width = Math.sqrt(2 / Math.PI);
  // Further out (1 − t²) · x² would be 0 · ∞.
  const x = g.op('Clip', [input, number(-flatFrom), number(flatFrom)]);
  const square = g.mul(x, x);
  const t = g.op('Tanh', [g.mul(x, g.add(g.mul(square, number(width * 0.044715)), number(width)))]);
  const inner = g.add(g.mul(square, number(1.5 * 0.044715 * width)), number(0.5 * width));
  const rise = g.mul(g.mul(x, g.sub(number(1), g.mul(t, t))), inner);
  return g.add(g.mul(g.add(t, number(1)), number(0.5)), rise);
}
