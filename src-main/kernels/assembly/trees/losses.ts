import { exp64, log64 } from './numbers';

/** Sums of losses over rows from … to, float64. Weights: 0 when all are 1. Raw scores, as everywhere here. */

// @ts-ignore: AssemblyScript's decorator
@inline
function weightAt(weights: usize, at: usize): f64 {
  return weights ? <f64>load<f32>(weights + at) : 1;
}

// @ts-ignore: AssemblyScript's decorator
@inline
function residualAt(scores: usize, targets: usize, at: usize): f64 {
  return <f64>load<f32>(scores + at) - <f64>load<f32>(targets + at);
}

/** (s − y)². */
export function squaredLoss(scores: usize, targets: usize, weights: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    const residual = residualAt(scores, targets, at);
    sum += weightAt(weights, at) * residual * residual;
  }
  return sum;
}

/** |s − y|. */
export function absoluteLoss(scores: usize, targets: usize, weights: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    sum += weightAt(weights, at) * abs(residualAt(scores, targets, at));
  }
  return sum;
}

/** ½ r² up to δ, then δ (|r| − ½ δ). */
export function huberLoss(scores: usize, targets: usize, weights: usize, from: i32, to: i32, delta: f64): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    const size = abs(residualAt(scores, targets, at));
    sum += weightAt(weights, at) * (size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta));
  }
  return sum;
}

/** Pinball loss: α r above the score, (1 − α) r below. */
export function quantileLoss(scores: usize, targets: usize, weights: usize, from: i32, to: i32, level: f64): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    const residual = residualAt(scores, targets, at);
    sum += weightAt(weights, at) * (residual < 0 ? -level * residual : (1 - level) * residual);
  }
  return sum;
}

/** −log p of a target 0 … 1: log(1 + e^s) − y s. */
export function logLoss(scores: usize, targets: usize, weights: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    const score = <f64>load<f32>(scores + at);
    const softplus = max<f64>(score, 0) + log64(1 + exp64(-abs(score)));
    sum += weightAt(weights, at) * (softplus - score * <f64>load<f32>(targets + at));
  }
  return sum;
}

/** −log p of the class. */
export function softmaxLoss(scores: usize, classBytes: usize, classes: i32, targets: usize, weights: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    let most = <f64>load<f32>(scores + at);
    for (let each = 1; each < classes; each++) most = max<f64>(most, <f64>load<f32>(scores + at + <usize>each * classBytes));
    let total: f64 = 0;
    for (let each = 0; each < classes; each++) total += exp64(<f64>load<f32>(scores + at + <usize>each * classBytes) - most);
    const own = <f64>load<f32>(scores + at + <usize>(<i32>load<f32>(targets + at)) * classBytes);
    sum += weightAt(weights, at) * (most + log64(total) - own);
  }
  return sum;
}

/** What depends on the score in the deviances with a log link: Poisson (ρ = 1), Tweedie (1 < ρ < 2), gamma (ρ = 2). */
export function deviance(scores: usize, targets: usize, weights: usize, from: i32, to: i32, power: f64): f64 {
  let sum: f64 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row << 2;
    const score = <f64>load<f32>(scores + at);
    const target = <f64>load<f32>(targets + at);
    let loss: f64;
    if (power == 1) loss = exp64(score) - target * score;
    else if (power == 2) loss = target * exp64(-score) + score;
    else loss = exp64((2 - power) * score) / (2 - power) - (target * exp64((1 - power) * score)) / (1 - power);
    sum += weightAt(weights, at) * loss;
  }
  return sum;
}
