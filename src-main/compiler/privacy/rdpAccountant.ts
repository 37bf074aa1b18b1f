/**
 * How much differential privacy a training with clipped, noisy gradients costs.
 *
 * Rényi differential privacy of the subsampled Gaussian mechanism at integer orders α:
 *   ε(α) = ln( Σ_k C(α, k) (1 − q)^{α−k} q^k e^{(k² − k)/(2σ²)} ) / (α − 1) per step,
 * q the share of rows in a batch, σ the noise multiplier. Source: Mironov, Talwar & Zhang, Rényi differential privacy of the
 * sampled Gaussian mechanism (2019), https://arxiv.org/abs/1908.10530 §3.3.
 *
 * Conversion to (ε, δ): ε = ε(α) + ln((α − 1)/α) − (ln δ + ln α)/(α − 1), the least over α.
 * Source: Balle et al., Hypothesis testing interpretations and Rényi differential privacy (2020), https://arxiv.org/abs/1905.09982 theorem 21.
 *
 * The bound is for batches in which every row is drawn independently with probability q (Poisson sampling); shuffled
 * batches of fixed size, which the trainer makes, are commonly reported by the same figure, but it is not proven for them.
 */
export interface PrivacySpending {
  readonly epsilon: number;
  /** The order that gives it. */
  readonly order: number;
}

export interface PrivacyUse {
  /** Share of the rows in one batch, above 0, at most 1. */
  readonly samplingRate: number;
  readonly noiseMultiplier: number;
  readonly steps: number;
  /** Probability with which the promise may fail; below 1 / rows. */
  readonly delta: number;
}

/** The orders that are tried. */
export const renyiOrders = [...Array.from({ length: 62 }, (_, at) => at + 2), 72, 80, 96, 112, 128, 160, 192, 224, 256, 384, 512];

/** Throws RangeError for figures that have no meaning. */
export function privacySpent({ samplingRate, noiseMultiplier, steps, delta }: PrivacyUse): PrivacySpending {
  if (!(samplingRate > 0 && samplingRate <= 1))
    throw new RangeError(`The sampling rate must be above 0 and at most 1, not ${samplingRate}.`);
  if (!(noiseMultiplier > 0)) throw new RangeError(`The noise multiplier must be positive, not ${noiseMultiplier}.`);
  if (!(Number.isSafeInteger(steps) && steps >= 0)) throw new RangeError(`The number of steps must be a whole number, not ${steps}.`);
  if (!(delta > 0 && delta < 1)) throw new RangeError(`Delta must lie between 0 and 1, not ${delta}.`);
  if (steps === 0) return { epsilon: 0, order: renyiOrders[0]! };
  let best: PrivacySpending = { epsilon: Infinity, order: renyiOrders[0]! };
  for (const order of renyiOrders) {
    const spent = steps * renyiDivergence(order, samplingRate, noiseMultiplier);
    const epsilon = Math.max(0, spent + Math.log((order - 1) / order) - (Math.log(delta) + Math.log(order)) / (order - 1));
    if (epsilon < best.epsilon) best = { epsilon, order };
  }
  return best;
}

/** The least noise multiplier, to 0.1 %, whose spending stays within `epsilon`. Infinity when none up to 1000 does. */
export function noiseFor(epsilon: number, use: Omit<PrivacyUse, 'noiseMultiplier'>): number {
  const spent = (noiseMultiplier: number): number => privacySpent({ ...use, noiseMultiplier }).epsilon;
  let [low, high] = [0.05, 1000];
  if (spent(high) > epsilon) return Infinity;
  if (spent(low) <= epsilon) return low;
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    if (spent(middle) <= epsilon) high = middle;
    else low = middle;
  }
  return high;
}

function renyiDivergence(order: number, rate: number, noise: number): number {
  if (rate === 1) return order / (2 * noise ** 2);
  // Logarithms of the terms: the exponentials overflow at high orders.
  let logChoose = 0;
  const terms: number[] = [];
  for (let k = 0; k <= order; k++) {
    terms.push(logChoose + (order - k) * Math.log1p(-rate) + k * Math.log(rate) + (k * k - k) / (2 * noise ** 2));
    logChoose += Math.log(order - k) - Math.log(k + 1);
  }
  const largest = Math.max(...terms);
  return (largest + Math.log(terms.reduce((sum, each) => sum + Math.exp(each - largest), 0))) / (order - 1);
}
