// What a score is worth when rows are taken from the top: precision, the share found, the order within groups.

/** Rows by falling score, once; values for any row weights then cost one pass. */
export interface DescendingScores {
  order: Int32Array;
  /** 1 where the next row in `order` has another score (and at the last). */
  endsTie: Uint8Array;
  positive: Uint8Array;
}

export function descendingScores(scores: Float32Array | Float64Array, positive: Uint8Array): DescendingScores {
  const order = Int32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const endsTie = Uint8Array.from(order, (row, at) => Number(at === order.length - 1 || scores[row] !== scores[order[at + 1]!]));
  return { order, endsTie, positive };
}

/** Σ (recallₙ − recallₙ₋₁) · precisionₙ over distinct scores, as scikit-learn defines it. NaN without a positive row. */
export function averagePrecision({ order, endsTie, positive }: DescendingScores, weights?: Uint16Array): number {
  let [taken, found, before, area] = [0, 0, 0, 0];
  for (let at = 0; at < order.length; at++) {
    const row = order[at]!;
    const weight = weights ? weights[row]! : 1;
    taken += weight;
    if (positive[row]) found += weight;
    if (!endsTie[at] || taken === 0) continue;
    area += ((found - before) * found) / taken;
    before = found;
  }
  return found === 0 ? NaN : area / found;
}

/** Which share of all positives lies in the top `share` of the rows; of rows that tie at the cut, their mean. NaN without a positive. */
export function shareOfPositives({ order, endsTie, positive }: DescendingScores, share: number, weights?: Uint16Array): number {
  let [total, positives] = [0, 0];
  for (let row = 0; row < positive.length; row++) {
    const weight = weights ? weights[row]! : 1;
    total += weight;
    if (positive[row]) positives += weight;
  }
  const wanted = share * total;
  let [taken, found, tied, tiedPositives] = [0, 0, 0, 0];
  for (let at = 0; at < order.length && taken < wanted; at++) {
    const row = order[at]!;
    const weight = weights ? weights[row]! : 1;
    tied += weight;
    if (positive[row]) tiedPositives += weight;
    if (!endsTie[at]) continue;
    found += tied === 0 ? 0 : tiedPositives * Math.min(1, (wanted - taken) / tied);
    taken += tied;
    tied = tiedPositives = 0;
  }
  return positives === 0 ? NaN : found / positives;
}

/**
 * DCG / ideal DCG of the first `first` rows of one group, gain = relevance, discount log₂(place + 1), ties averaged (scikit-learn's
 * `ndcg_score`); NaN without any relevance. Järvelin & Kekäläinen, ACM TOIS 20 (2002).
 */
export function groupNdcg(relevance: Float64Array, scores: Float64Array, first: number): number {
  const discount = (place: number): number => (place < first ? 1 / Math.log2(place + 2) : 0);
  const ideal = relevance.toSorted((a, b) => b - a).reduce((sum, each, place) => sum + each * discount(place), 0);
  if (!(ideal > 0)) return NaN;
  const order = Int32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]! || a - b);
  let gained = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let [gains, discounts] = [0, 0];
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      gains += relevance[order[end]!]!;
      discounts += discount(end++);
    }
    gained += (gains * discounts) / (end - start);
    start = end;
  }
  return gained / ideal;
}
