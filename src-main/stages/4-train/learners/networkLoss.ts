import type { NetworkTarget } from './matrix.ts';

/** Mean cross entropy (nats, weighted where weights are given) of logits [rows, classes], or mean squared error of values [rows, 1]; summed in float64. */
export function networkLoss(outputs: ArrayLike<number>, target: NetworkTarget, temperature = 1, weights?: ArrayLike<number>): number {
  return target.kind === 'class' ? crossEntropy(outputs, target, temperature, weights) : squaredError(outputs, target.values);
}

function crossEntropy(
  logits: ArrayLike<number>,
  { codes, classes }: Extract<NetworkTarget, { kind: 'class' }>,
  temperature: number,
  weights?: ArrayLike<number>,
): number {
  let sum = 0;
  let weightSum = 0;
  for (let row = 0; row < codes.length; row++) {
    const start = row * classes;
    let highest = -Infinity;
    for (let each = 0; each < classes; each++) highest = Math.max(highest, logits[start + each]!);
    let total = 0;
    for (let each = 0; each < classes; each++) total += Math.exp((logits[start + each]! - highest) / temperature);
    const weight = weights ? weights[row]! : 1;
    sum += weight * (Math.log(total) - (logits[start + codes[row]!]! - highest) / temperature);
    weightSum += weight;
  }
  return sum / weightSum;
}

function squaredError(outputs: ArrayLike<number>, values: Float32Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += (outputs[row]! - values[row]!) ** 2;
  return sum / values.length;
}

/** p = softmax(logits / temperature), in float64. */
export function softmax(logits: ArrayLike<number>, classes: number, temperature: number): Float64Array {
  const probabilities = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let highest = -Infinity;
    for (let each = 0; each < classes; each++) highest = Math.max(highest, logits[start + each]!);
    let total = 0;
    for (let each = 0; each < classes; each++)
      total += probabilities[start + each] = Math.exp((logits[start + each]! - highest) / temperature);
    for (let each = 0; each < classes; each++) probabilities[start + each]! /= total;
  }
  return probabilities;
}

/**
 * The temperature that makes the probabilities fit the given rows best: one number divides all logits, so the answers and their
 * order stay. Guo et al., On Calibration of Modern Neural Networks (2017), https://arxiv.org/abs/1706.04599 §4.2.
 * Golden-section search over ln T in [−2, 2]; the loss has one minimum there. 1 where it gains nothing.
 */
export function fitTemperature(
  logits: ArrayLike<number>,
  target: Extract<NetworkTarget, { kind: 'class' }>,
  weights?: ArrayLike<number>,
): number {
  const loss = (logT: number): number => networkLoss(logits, target, Math.exp(logT), weights);
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [-2, 2];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [lossA, lossB] = [loss(a), loss(b)];
  for (let step = 0; step < 20; step++) {
    if (lossA < lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - ratio * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + ratio * (high - low);
      lossB = loss(b);
    }
  }
  const temperature = Math.fround(Math.exp((low + high) / 2));
  return networkLoss(logits, target, temperature, weights) < loss(0) ? temperature : 1;
}
