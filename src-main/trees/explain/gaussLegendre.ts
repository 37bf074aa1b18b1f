/**
 * Points and weights on 0 … 1 whose sum Σ wᵢ f(tᵢ) is the integral of f for every polynomial up to degree 2 · count − 1: zeros of
 * the Legendre polynomial by Newton's method (Press et al., Numerical Recipes, 3rd ed., §4.6). Points lie strictly inside.
 */
export function gaussLegendre(count: number): { points: Float64Array; weights: Float64Array } {
  const points = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let at = 0; at < Math.ceil(count / 2); at++) {
    let x = Math.cos((Math.PI * (at + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let step = 0; step < 100; step++) {
      const legendre = evaluate(count, x);
      slope = legendre.slope;
      const change = legendre.value / slope;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    ({ slope } = evaluate(count, x));
    const weight = 1 / ((1 - x * x) * slope * slope);
    points[at] = (1 - x) / 2;
    points[count - 1 - at] = (1 + x) / 2;
    weights[at] = weight;
    weights[count - 1 - at] = weight;
  }
  return { points, weights };
}

/** By the recurrence k Pₖ = (2k − 1) x Pₖ₋₁ − (k − 1) Pₖ₋₂. */
function evaluate(degree: number, x: number): { value: number; slope: number } {
  let [before, value] = [0, 1];
  for (let k = 1; k <= degree; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) };
}
