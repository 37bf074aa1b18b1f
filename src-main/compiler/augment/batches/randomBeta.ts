import { randomNormal, randomUnit, streamKey } from '../../run/counterRandom.ts';

/** A number from the Beta(alpha, alpha) distribution: X / (X + Y) with X, Y from Gamma(alpha). alpha > 0. */
export function randomBeta(alpha: number, key: number): number {
  const [x, y] = [logGamma(alpha, streamKey(key, 0)), logGamma(alpha, streamKey(key, 1))];
  // In logarithms: small alphas give numbers that underflow.
  return 1 / (1 + Math.exp(y - x));
}

/** Logarithm of a number from Gamma(alpha, 1). Marsaglia & Tsang, ACM Trans. Math. Softw. 26 (2000) 363–372; below 1 by their §6. */
function logGamma(alpha: number, key: number): number {
  if (alpha < 1) return logGamma(alpha + 1, streamKey(key, 0)) + Math.log(1 - randomUnit(streamKey(key, 1), 0)) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  const [normals, units] = [streamKey(key, 2), streamKey(key, 3)];
  for (let attempt = 0; ; attempt++) {
    const x = randomNormal(normals, attempt);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - randomUnit(units, attempt)) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d) + Math.log(v);
  }
}
