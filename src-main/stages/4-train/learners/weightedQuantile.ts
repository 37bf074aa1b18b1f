/**
 * The smallest value that at least a share `level` (0 to 1) of the weight does not exceed: the inverse of the weighted empirical
 * distribution (definition 1 of Hyndman & Fan, The American Statistician 50, 1996). NaN without weight.
 */
export function weightedQuantile(values: ArrayLike<number>, level: number, weights?: ArrayLike<number>): number {
  return weightedQuantiles(values, [level], weights)[0]!;
}

/** Of one sorting for all levels. */
export function weightedQuantiles(values: ArrayLike<number>, levels: readonly number[], weights?: ArrayLike<number>): number[] {
  const order = Uint32Array.from({ length: values.length }, (_, at) => at).sort((a, b) => values[a]! - values[b]! || a - b);
  let total = 0;
  for (const at of order) total += weights ? weights[at]! : 1;
  if (!(total > 0)) return levels.map(() => NaN);
  const found: number[] = levels.map(() => NaN);
  const rising = levels.map((_, at) => at).sort((a, b) => levels[a]! - levels[b]!);
  let [next, reached] = [0, 0];
  for (const at of order) {
    const weight = weights ? weights[at]! : 1;
    if (weight === 0) continue;
    reached += weight;
    // Sums of weights round: a level that is met but for rounding is met.
    while (next < rising.length && reached >= levels[rising[next]!]! * total * (1 - 1e-12)) found[rising[next++]!] = values[at]!;
  }
  return found;
}
