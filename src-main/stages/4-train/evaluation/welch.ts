/** Means of some rows and of all others, unequal variances allowed. */
export interface WelchTest {
  mean: number;
  /** Some − others, with its 95 % interval. */
  difference: number;
  low: number;
  high: number;
  t: number;
  /** Two-sided. NaN where neither side varies. */
  p: number;
}

/** Sums over all rows about their mean, once for many tests. */
export interface Totals {
  values: Float64Array;
  mean: number;
  squares: number;
}

export function totalsOf(values: Float64Array): Totals {
  const mean = values.reduce((all, each) => all + each, 0) / values.length;
  return { values, mean, squares: values.reduce((all, each) => all + (each - mean) ** 2, 0) };
}

/** Welch, The generalization of "Student's" problem, Biometrika 34 (1947); degrees of freedom by Satterthwaite. */
export function welch({ values, mean, squares }: Totals, rows: Int32Array): WelchTest {
  let [sum, own] = [0, 0];
  for (let at = 0; at < rows.length; at++) {
    const centred = values[rows[at]!]! - mean;
    sum += centred;
    own += centred * centred;
  }
  const [inside, outside] = [rows.length, values.length - rows.length];
  const [meanInside, meanOutside] = [sum / inside, -sum / outside];
  const a = Math.max(0, own - inside * meanInside ** 2) / (inside - 1) / inside;
  const b = Math.max(0, squares - own - outside * meanOutside ** 2) / (outside - 1) / outside;
  const error = Math.sqrt(a + b);
  const difference = meanInside - meanOutside;
  const freedom = (a + b) ** 2 / (a ** 2 / (inside - 1) + b ** 2 / (outside - 1));
  const t = difference / error;
  const reach = studentQuantile975(freedom) * error;
  return { mean: mean + meanInside, difference, low: difference - reach, high: difference + reach, t, p: studentTail(t, freedom) };
}

/** P(|T| > |t|) = I_x(ν/2, 1/2) at x = ν / (ν + t²). */
export function studentTail(t: number, freedom: number): number {
  if (!Number.isFinite(t) || !Number.isFinite(freedom)) return NaN;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** By bisection of the tail. */
function studentQuantile975(freedom: number): number {
  let [low, high] = [1.9, 13];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (studentTail(middle, freedom) > 0.05) low = middle;
    else high = middle;
  }
  return low;
}

/** Regularised; continued fraction by Lentz (Press et al., Numerical Recipes, 3rd ed., §6.4). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

/** Lanczos, g = 7, nine terms. */
function logGamma(x: number): number {
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
    -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const base = x + 6.5;
  const sum = terms.reduce((all, term, at) => (at === 0 ? term : all + term / (x + at - 1)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}
