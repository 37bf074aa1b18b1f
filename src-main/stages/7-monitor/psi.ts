/**
 * Population stability index of a window against a reference, over the bins of the reference:
 *
 *   PSI = Σᵢ (aᵢ − eᵢ) · ln(aᵢ / eᵢ)
 *
 * with aᵢ and eᵢ the shares of present and reference values in bin i. Both are smoothed by half a count in every bin (Jeffreys' prior),
 * a = (n + ½) / (N + B/2), because an empty bin would make the index infinite: one value in a bin that training never saw counts as
 * one value, not as an alarm.
 *
 * Without any drift PSI is not zero: N·M/(N+M) · PSI is about χ² with B − 1 degrees of freedom (Yurdakul, "Statistical Properties of
 * Population Stability Index", 2018). So a hundred rows in ten bins give 0.09 on average. `psiNoise` is the value that chance alone
 * exceeds with probability `alpha`; a verdict needs more than that, whatever the limit.
 */
export function psi(window: readonly number[], reference: readonly number[]): number {
  const bins = window.length;
  const windowTotal = sum(window) + bins / 2;
  const referenceTotal = sum(reference) + bins / 2;
  let index = 0;
  for (let bin = 0; bin < bins; bin++) {
    const actual = (window[bin]! + 0.5) / windowTotal;
    const expected = (reference[bin]! + 0.5) / referenceTotal;
    index += (actual - expected) * Math.log(actual / expected);
  }
  return index;
}

/** What chance alone exceeds with probability `alpha`, for `windowRows` values against `referenceRows` in `bins` bins that hold anything. */
export function psiNoise(windowRows: number, referenceRows: number, bins: number, alpha: number): number {
  if (bins < 2 || windowRows === 0 || referenceRows === 0) return Number.POSITIVE_INFINITY;
  return chiSquareQuantile(1 - alpha, bins - 1) * (1 / windowRows + 1 / referenceRows);
}

/** Wilson & Hilferty, PNAS 17 (1931) 684–688; within 1 % from one degree of freedom on, for the upper tail. */
export function chiSquareQuantile(probability: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + normalQuantile(probability) * Math.sqrt(spread)) ** 3;
}

/** Acklam's rational approximation of the inverse normal distribution, relative error below 1.2e-9. */
export function normalQuantile(probability: number): number {
  if (probability <= 0) return Number.NEGATIVE_INFINITY;
  if (probability >= 1) return Number.POSITIVE_INFINITY;
  const tail = Math.min(probability, 1 - probability);
  const sign = probability < 0.5 ? -1 : 1;
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(tail));
    return -sign * (polynomial(tailTop, q) / (polynomial(tailBottom, q) * q + 1));
  }
  const q = probability - 0.5;
  const r = q * q;
  return (polynomial(middleTop, r) * q) / (polynomial(middleBottom, r) * r + 1);
}

const middleTop = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239,
];
const middleBottom = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1];
const tailTop = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
];
const tailBottom = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];

/** Highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((value, coefficient) => value * x + coefficient, 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
