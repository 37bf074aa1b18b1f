import type { BoostingObjective } from './objective.ts';

/** A probability of 0 or 1 would be an infinite score. */
const leastShare = 1e-15;

/** The constant that makes the loss smallest; boosting begins there. */
export function baseScores(objective: BoostingObjective, target: Float32Array, weights: Float32Array | undefined): number[] {
  switch (objective.kind) {
    case 'squared':
    case 'huber':
      return [mean(target, weights)];
    case 'absolute':
      return [quantile(target, weights, 0.5)];
    case 'quantile':
      return [quantile(target, weights, objective.level)];
    case 'poisson':
    case 'gamma':
    case 'tweedie':
      return [Math.log(Math.max(leastShare, mean(target, weights)))];
    case 'logistic': {
      const share = Math.min(Math.max(mean(target, weights), leastShare), 1 - leastShare);
      return [Math.log(share / (1 - share))];
    }
    case 'softmax': {
      const sums = new Float64Array(objective.classes);
      let total = 0;
      for (let row = 0; row < target.length; row++) {
        const weight = weights ? weights[row]! : 1;
        sums[target[row]!]! += weight;
        total += weight;
      }
      return Array.from(sums, (sum) => Math.log(Math.max(leastShare, sum / total)));
    }
    case 'ranking':
      return [0];
    case 'custom':
      return [...objective.baseScores(target, weights)];
  }
}

function mean(target: Float32Array, weights: Float32Array | undefined): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < target.length; row++) {
    const weight = weights ? weights[row]! : 1;
    sum += weight * target[row]!;
    total += weight;
  }
  return sum / total;
}

/** The smallest target at which the weights up to it reach `level` of all. */
function quantile(target: Float32Array, weights: Float32Array | undefined, level: number): number {
  if (!weights) return target.toSorted()[Math.max(0, Math.ceil(level * target.length) - 1)]!;
  const order = Uint32Array.from(target.keys()).sort((a, b) => target[a]! - target[b]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (const row of order) if ((sum += weights[row]!) >= level * total) return target[row]!;
  return target[order.at(-1)!]!;
}
