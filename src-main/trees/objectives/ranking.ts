import type { CustomObjective, ScoredRows } from './objective.ts';

/**
 * LambdaRank by NDCG (Burges 2010, §4; normalised per group as LightGBM does): each pair of different relevance pulls its scores apart by σ'(difference) times what
 * exchanging the two would change in NDCG. Gains are 2^relevance − 1, discounts 1 / log₂(2 + place); at least one row of a pair
 * stands among the first `truncation`. The loss is 1 − mean NDCG@truncation; groups of equal relevances count as 1.
 */
export function rankingObjective(groups: Int32Array, truncation: number): CustomObjective {
  const bounds: number[] = [0];
  for (let row = 1; row <= groups.length; row++) if (row === groups.length || groups[row] !== groups[row - 1]) bounds.push(row);
  return {
    kind: 'custom',
    name: 'ranking',
    outputs: 1,
    baseScores: () => [0],
    derivatives(input, _output, gradients, hessians) {
      gradients.fill(0);
      hessians.fill(0);
      for (let group = 0; group + 1 < bounds.length; group++)
        pull(input, { from: bounds[group]!, to: bounds[group + 1]!, truncation }, gradients, hessians);
    },
    loss(input) {
      let sum = 0;
      let total = 0;
      for (let group = 0; group + 1 < bounds.length; group++) {
        const from = bounds[group]!;
        const weight = input.weights ? input.weights[from]! : 1;
        sum += weight * (1 - ndcg(input, from, bounds[group + 1]!, truncation));
        total += weight;
      }
      return total > 0 ? sum / total : 0;
    },
  };
}

function pull(
  { scores, target, weights }: ScoredRows,
  { from, to, truncation }: { from: number; to: number; truncation: number },
  gradients: Float32Array,
  hessians: Float32Array,
): void {
  const ideal = idealGain(target, from, to, truncation);
  if (ideal === 0) return;
  const order = byScore(scores, from, to);
  const best = scores[order[0]!]!;
  const worst = scores[order.at(-1)!]!;
  let sum = 0;
  for (let high = 0; high < Math.min(truncation, order.length); high++)
    for (let low = high + 1; low < order.length; low++) {
      const [first, second] = [order[high]!, order[low]!];
      if (target[first] === target[second]) continue;
      const [better, worse] = target[first]! > target[second]! ? [first, second] : [second, first];
      const difference = scores[better]! - scores[worse]!;
      const gain = Math.abs(gainOf(target[better]!) - gainOf(target[worse]!));
      let change = (gain * Math.abs(discount(high) - discount(low))) / ideal;
      if (best !== worst) change /= 0.01 + Math.abs(difference);
      const share = 1 / (1 + Math.exp(difference));
      const lambda = change * share;
      const curvature = change * share * (1 - share);
      gradients[better]! -= lambda;
      gradients[worse]! += lambda;
      hessians[better]! += curvature;
      hessians[worse]! += curvature;
      sum += 2 * lambda;
    }
  const scale = sum > 0 ? Math.log2(1 + sum) / sum : 1;
  for (let row = from; row < to; row++) {
    const weight = scale * (weights ? weights[row]! : 1);
    gradients[row]! *= weight;
    hessians[row]! *= weight;
  }
}

function ndcg({ scores, target }: ScoredRows, from: number, to: number, truncation: number): number {
  const ideal = idealGain(target, from, to, truncation);
  if (ideal === 0) return 1;
  const order = byScore(scores, from, to);
  let sum = 0;
  for (let place = 0; place < Math.min(truncation, order.length); place++) sum += gainOf(target[order[place]!]!) * discount(place);
  return sum / ideal;
}

/** Rows by falling score, equal ones as they stand. */
function byScore(scores: Float32Array, from: number, to: number): Uint32Array {
  const order = Uint32Array.from({ length: to - from }, (_, at) => from + at);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b);
}

function idealGain(target: Float32Array, from: number, to: number, truncation: number): number {
  const sorted = target.slice(from, to).sort().reverse();
  let sum = 0;
  for (let place = 0; place < Math.min(truncation, sorted.length); place++) sum += gainOf(sorted[place]!) * discount(place);
  return sum;
}

const gainOf = (relevance: number): number => 2 ** relevance - 1;
const discount = (place: number): number => 1 / Math.log2(2 + place);
