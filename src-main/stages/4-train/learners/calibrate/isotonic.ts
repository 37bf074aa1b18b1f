/** A rising curve through (x, y): straight between its points, level beyond. `x` rises strictly. */
export interface IsotonicCurve {
  x: Float64Array;
  y: Float64Array;
}

/**
 * The rising function nearest to y in weighted squares, by pooling adjacent violators: Barlow, Bartholomew, Bremner & Brunk (1972); as
 * a calibration Zadrozny & Elkan, KDD 2002. Rows of equal x are one point. Points that lie inside a level stretch are left out: what
 * scikit-learn's `IsotonicRegression` keeps as its thresholds. At least one row must have weight.
 */
export function fitIsotonic(x: ArrayLike<number>, y: ArrayLike<number>, weights?: ArrayLike<number>): IsotonicCurve {
  const order = Uint32Array.from({ length: x.length }, (_, at) => at)
    .filter((at) => !weights || weights[at]! > 0)
    .sort((a, b) => x[a]! - x[b]! || a - b);
  // One block a stretch of one level: its first and last x, weight, mean.
  const blocks: { first: number; last: number; weight: number; mean: number }[] = [];
  for (let at = 0; at < order.length;) {
    const place = x[order[at]!]!;
    let [weight, sum] = [0, 0];
    for (; at < order.length && x[order[at]!] === place; at++) {
      const own = weights ? weights[order[at]!]! : 1;
      weight += own;
      sum += own * y[order[at]!]!;
    }
    blocks.push({ first: place, last: place, weight, mean: sum / weight });
    while (blocks.length > 1 && blocks.at(-2)!.mean >= blocks.at(-1)!.mean) {
      const [b, a] = [blocks.pop()!, blocks.pop()!];
      const both = a.weight + b.weight;
      blocks.push({ first: a.first, last: b.last, weight: both, mean: (a.weight * a.mean + b.weight * b.mean) / both });
    }
  }
  const points = blocks.flatMap(
    ({ first, last, mean }) =>
      (first === last
        ? [[first, mean]]
        : [
            [first, mean],
            [last, mean],
          ]) as [number, number][],
  );
  return { x: Float64Array.from(points, ([at]) => at), y: Float64Array.from(points, ([, level]) => level) };
}

/** y₀ + Σ slopeᵢ · min(max(x − xᵢ, 0), widthᵢ): what the graph computes, in the same order. */
export function isotonicAt({ x, y }: IsotonicCurve, place: number): number {
  let level = y[0]!;
  for (let at = 0; at + 1 < x.length; at++) {
    const width = x[at + 1]! - x[at]!;
    level += ((y[at + 1]! - y[at]!) / width) * Math.min(Math.max(place - x[at]!, 0), width);
  }
  return level;
}
