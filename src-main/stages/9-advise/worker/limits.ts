// How far from its expectation a value usually lies, learnt from past errors only.

/** Beyond this quantile of the past scores the tail is modelled. */
const tailStart = 0.9;
/** With fewer past errors the tails cannot be read off; Student's t stands in. */
const fewestForTails = 60;

/**
 * Limits of a score (error over its usual size) that a share `alpha` of the usual scores passes, half on each side.
 *
 * With 60 or more past scores: peaks over threshold with an exponential tail above the 90 % quantile of each side
 * (Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017, eq. 1 with shape 0), so skewed errors get skewed limits.
 * With fewer: a prediction interval from Student's t, standard deviation and n. Fewer than 8: none.
 */
export function limitsOf(scores: readonly number[], alpha: number): { low: number; high: number } | null {
  const count = scores.length;
  if (count < 8) return null;
  if (count < fewestForTails) {
    const mean = scores.reduce((sum, score) => sum + score, 0) / count;
    const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (count - 1);
    const reach = studentQuantile(1 - alpha / 2, count - 1) * Math.sqrt(variance * (1 + 1 / count));
    return { low: mean - reach, high: mean + reach };
  }
  const ascending = Float64Array.from(scores).sort();
  return { low: -upperTail(Float64Array.from(ascending, (score) => -score).reverse(), alpha / 2), high: upperTail(ascending, alpha / 2) };
}

/** The value passed with probability `tail`: u + β ln((1 − 0.9) / tail). β is the median excess over u divided by ln 2 (the median of an
 *  exponential distribution), not the mean: a few true standouts among the past errors must not hide the next one. `ascending` is sorted. */
function upperTail(ascending: Float64Array, tail: number): number {
  const from = Math.floor(ascending.length * tailStart);
  const threshold = ascending[from - 1]!;
  const excesses = ascending.subarray(from);
  const middle = (excesses.length - 1) / 2;
  const median = (excesses[Math.floor(middle)]! + excesses[Math.ceil(middle)]!) / 2 - threshold;
  return threshold + (median / Math.LN2) * Math.log((1 - tailStart) / tail);
}

/** Quantile of Student's t by Hill's expansion from the normal quantile (Abramowitz & Stegun 26.7.5); error < 1 % for df ≥ 7. */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  const z = normalQuantile(probability);
  const n = degreesOfFreedom;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + g1 / n + g2 / n ** 2 + g3 / n ** 3;
}

/** Upper quantiles of the standard normal (Abramowitz & Stegun 26.2.23); error < 4.5e-4 for probability in [0.5, 1). */
function normalQuantile(probability: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - probability));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
}
