// Area under the ROC curve: the probability that a positive row scores above a negative one, ties counting half.

/** Rows by score, once; then the area for any row weights (a bootstrap replicate) costs one pass. */
export interface RankedScores {
  /** Row numbers, lowest score first. */
  order: Int32Array;
  /** 1 where a row's score equals that of the row before it in `order`. */
  tiesWithPrevious: Uint8Array;
  positive: Uint8Array;
}

/** Scores are read at `rows · stride + offset`, so a column of a probability matrix needs no copy. */
export function rankScores(scores: Float32Array | Float64Array, positive: Uint8Array, stride = 1, offset = 0): RankedScores {
  const own = Float64Array.from(positive, (_, row) => scores[row * stride + offset]!);
  const order = Int32Array.from(positive, (_, row) => row).sort((a, b) => own[a]! - own[b]!);
  const tiesWithPrevious = Uint8Array.from(order, (row, at) => Number(at > 0 && own[row] === own[order[at - 1]!]));
  return { order, tiesWithPrevious, positive };
}

/** Mann–Whitney statistic over rows that count `weights` times (default once). NaN when one side is empty. */
export function areaUnderCurve({ order, tiesWithPrevious, positive }: RankedScores, weights?: Uint16Array): number {
  let [positives, negatives, won] = [0, 0, 0];
  let [tiedPositives, tiedNegatives] = [0, 0];
  const close = (): void => {
    won += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    tiedPositives = tiedNegatives = 0;
  };
  for (let at = 0; at < order.length; at++) {
    if (!tiesWithPrevious[at]) close();
    const row = order[at]!;
    const weight = weights ? weights[row]! : 1;
    if (positive[row]) tiedPositives += weight;
    else tiedNegatives += weight;
  }
  close();
  return positives === 0 || negatives === 0 ? NaN : won / (positives * negatives);
}

/**
 * Area with its standard error: DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837–845.
 * With V₁ᵢ the share of negatives that positive i beats and V₀ⱼ the share of positives that beat negative j:
 * var = s²(V₁)/n₁ + s²(V₀)/n₀.
 */
export function deLong({ order, tiesWithPrevious, positive }: RankedScores): { value: number; standardError: number } {
  const rows = order.length;
  const positives = positive.reduce((sum, each) => sum + each, 0);
  const negatives = rows - positives;
  if (positives < 2 || negatives < 2) return { value: areaUnderCurve({ order, tiesWithPrevious, positive }), standardError: NaN };
  const placements = new Float64Array(rows);
  let [belowPositives, belowNegatives] = [0, 0];
  for (let start = 0; start < rows;) {
    let end = start + 1;
    while (end < rows && tiesWithPrevious[end]) end++;
    let tiedPositives = 0;
    for (let at = start; at < end; at++) tiedPositives += positive[order[at]!]!;
    const tiedNegatives = end - start - tiedPositives;
    for (let at = start; at < end; at++) {
      const row = order[at]!;
      placements[row] = positive[row]
        ? (belowNegatives + tiedNegatives / 2) / negatives
        : 1 - (belowPositives + tiedPositives / 2) / positives;
    }
    belowPositives += tiedPositives;
    belowNegatives += tiedNegatives;
    start = end;
  }
  const moments = (side: 0 | 1, count: number): { mean: number; variance: number } => {
    let sum = 0;
    for (let row = 0; row < rows; row++) if (positive[row] === side) sum += placements[row]!;
    const mean = sum / count;
    let squares = 0;
    for (let row = 0; row < rows; row++) if (positive[row] === side) squares += (placements[row]! - mean) ** 2;
    return { mean, variance: squares / (count - 1) };
  };
  const ofPositives = moments(1, positives);
  const ofNegatives = moments(0, negatives);
  return { value: ofPositives.mean, standardError: Math.sqrt(ofPositives.variance / positives + ofNegatives.variance / negatives) };
}
