// Power transforms that bring a skewed column nearer to the normal distribution.
// Yeo and Johnson, A new family of power transformations, Biometrika 87 (2000) 954–959; Box and Cox, JRSS B 26 (1964) 211–252.

const likelihoodRows = 10_000;
const mostLambda = 5;
const goldenSection = (Math.sqrt(5) - 1) / 2;
/** The formulas divide by λ and by 2 − λ; this near to zero the power is the logarithm to 1e-7. */
const smallest = 1e-8;

export type PowerFamily = 'yeoJohnson' | 'boxCox';

/**
 * One formula for both: with p = max(x, 0) + shift and n = 1 − min(x, 0) it is (p^λ − 1)/λ − (n^(2−λ) − 1)/(2 − λ). Yeo-Johnson has
 * shift 1, so that one of the terms is zero; Box-Cox has shift 0 and takes positive x only.
 */
export function powerTransform(x: number, lambda: number, shift: number): number {
  const positive = Math.max(x, 0) + shift;
  const negative = 1 - Math.min(x, 0);
  return (positive ** lambda - 1) / lambda - (negative ** (2 - lambda) - 1) / (2 - lambda);
}

export function shiftOf(family: PowerFamily): number {
  return family === 'yeoJohnson' ? 1 : 0;
}

/** λ in [−5, 5] of greatest likelihood, found by golden section on at most 10,000 values spread over `values`; never exactly 0 or 2. */
export function fitLambda(values: Float32Array, family: PowerFamily): number {
  const step = Math.max(1, values.length / likelihoodRows);
  const sample: number[] = [];
  for (let at = 0; at < values.length; at += step) sample.push(values[Math.floor(at)]!);
  const shift = shiftOf(family);
  // Of the Jacobian, which does not depend on λ.
  const logs = sample.reduce((sum, x) => sum + (x < 0 ? -1 : 1) * Math.log(Math.abs(x) + shift), 0);
  const loss = (lambda: number): number => {
    const safe = awayFromPoles(lambda);
    let [sum, squares] = [0, 0];
    const transformed = sample.map((x) => powerTransform(x, safe, shift));
    for (const y of transformed) sum += y;
    const mean = sum / transformed.length;
    for (const y of transformed) squares += (y - mean) ** 2;
    // All alike but for rounding: no likelihood, however great it looks.
    if (Math.sqrt(squares / sample.length) <= 1e-9 * Math.abs(mean)) return Infinity;
    const found = (sample.length / 2) * Math.log(squares / sample.length) - (lambda - 1) * logs;
    return Number.isFinite(found) ? found : Infinity;
  };
  let [low, high] = [-mostLambda, mostLambda];
  let [left, right] = [high - goldenSection * (high - low), low + goldenSection * (high - low)];
  let [lossLeft, lossRight] = [loss(left), loss(right)];
  while (high - low > 1e-6) {
    if (lossLeft <= lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - goldenSection * (high - low);
      lossLeft = loss(left);
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + goldenSection * (high - low);
      lossRight = loss(right);
    }
  }
  return awayFromPoles((low + high) / 2);
}

function awayFromPoles(lambda: number): number {
  if (Math.abs(lambda) < smallest) return smallest;
  return Math.abs(2 - lambda) < smallest ? 2 - smallest : lambda;
}
