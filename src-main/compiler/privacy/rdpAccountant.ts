/**
 * How much differential privacy a training with clipped, noisy gradients costs.
 *
 * Rényi differential privacy of the subsampled Gaussian mechanism at orders α, per step:
 *   ε(α) = ln E_z[(1 − q + q e^{(2z − 1)/(2σ²)})^α] / (α − 1), z ~ N(0, σ²);
 * for whole α the mean is Σ_k C(α, k) (1 − q)^{α−k} q^k e^{(k² − k)/(2σ²)},
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
export const renyiOrders: readonly number[] = [
  ...Array.from({ length: 99 }, (_, at) => (11 + at) / 10),
  ...Array.from({ length: 53 }, (_, at) => at + 11),
  72,
  80,
  96,
  112,
  128,
  160,
  192,
  224,
  256,
  384,
  512,
];

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
  if (!Number.isInteger(order)) return momentByQuadrature(order, rate, noise) / (order - 1);
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

/** ln E_z[…] by the trapezoidal rule, which converges faster than any power of the step for an integrand that falls like a normal density. */
function momentByQuadrature(order: number, rate: number, noise: number): number {
  const step = noise / 16;
  // The integrand has its weight near 0 and near the order, each as wide as the noise.
  const [low, high] = [-14 * noise, order + 14 * noise];
  const [without, with_] = [Math.log1p(-rate), Math.log(rate)];
  const terms: number[] = [];
  for (let z = low; z <= high; z += step) {
    const drawn = with_ + (2 * z - 1) / (2 * noise ** 2);
    const ratio = Math.max(without, drawn) + Math.log1p(Math.exp(-Math.abs(without - drawn)));
    terms.push(order * ratio - z ** 2 / (2 * noise ** 2));
  }
  const largest = terms.reduce((most, each) => Math.max(most, each), -Infinity);
  const sum = terms.reduce((total, each) => total + Math.exp(each - largest), 0);
  return largest + Math.log((sum * step) / (noise * Math.sqrt(2 * Math.PI)));
}
