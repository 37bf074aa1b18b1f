import { exp4 } from './numbers';

/**
 * Gradients and hessians of losses by the raw score, for rows from … to (`from` a multiple of 4; all vectors padded to whole
 * fours). Weights (0: all are 1) multiply both. Formulas: with s the score, y the target.
 */

// @ts-ignore: AssemblyScript's decorator
@inline
function put(gradients: usize, hessians: usize, weights: usize, at: usize, gradient: v128, hessian: v128): void {
  if (weights) {
    const weight = v128.load(weights + at);
    gradient = f32x4.mul(gradient, weight);
    hessian = f32x4.mul(hessian, weight);
  }
  v128.store(gradients + at, gradient);
  v128.store(hessians + at, hessian);
}

/** g = s − y, h = 1. */
export function squaredGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32): void {
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    put(gradients, hessians, weights, at, f32x4.sub(v128.load(scores + at), v128.load(targets + at)), f32x4.splat(1));
  }
}

/** p = 1/(1 + e^−s): g = p − y, h = p (1 − p). */
export function logisticGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32): void {
  const one = f32x4.splat(1);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const p = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v128.load(scores + at)))));
    put(gradients, hessians, weights, at, f32x4.sub(p, v128.load(targets + at)), f32x4.mul(p, f32x4.sub(one, p)));
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function sign4(x: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  return f32x4.sub(v128.and(f32x4.gt(x, zero), one), v128.and(f32x4.lt(x, zero), one));
}

/** g = sign(s − y), h = 1: the leaf is set to the median afterwards. */
export function absoluteGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32): void {
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    put(gradients, hessians, weights, at, sign4(f32x4.sub(v128.load(scores + at), v128.load(targets + at))), f32x4.splat(1));
  }
}

/** g = s − y, no further from 0 than δ; h = 1. */
export function huberGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32, delta: f32): void {
  const most = f32x4.splat(delta);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const residual = f32x4.sub(v128.load(scores + at), v128.load(targets + at));
    put(gradients, hessians, weights, at, f32x4.max(f32x4.min(residual, most), f32x4.neg(most)), f32x4.splat(1));
  }
}

/** g = 1 − α where s ≥ y, else −α; h = 1: the leaf is set to the quantile afterwards. */
export function quantileGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32, level: f32): void {
  const below = f32x4.splat(-level);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const reached = v128.and(f32x4.ge(v128.load(scores + at), v128.load(targets + at)), f32x4.splat(1));
    put(gradients, hessians, weights, at, f32x4.add(reached, below), f32x4.splat(1));
  }
}

/** Mean e^s: g = e^s − y; h = e^(s + step), which keeps steps small where the mean is near 0. */
export function poissonGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32, step: f32): void {
  const larger = exp4(f32x4.splat(step));
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const mean = exp4(v128.load(scores + at));
    put(gradients, hessians, weights, at, f32x4.sub(mean, v128.load(targets + at)), f32x4.mul(mean, larger));
  }
}

/** Mean e^s: g = 1 − y e^−s, h = y e^−s. */
export function gammaGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32): void {
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const share = f32x4.mul(v128.load(targets + at), exp4(f32x4.neg(v128.load(scores + at))));
    put(gradients, hessians, weights, at, f32x4.sub(f32x4.splat(1), share), share);
  }
}

/** Mean e^s, 1 < ρ < 2: g = e^((2−ρ)s) − y e^((1−ρ)s), h = (2 − ρ) e^((2−ρ)s) − (1 − ρ) y e^((1−ρ)s). */
export function tweedieGradients(scores: usize, targets: usize, weights: usize, gradients: usize, hessians: usize, from: i32, to: i32, power: f32): void {
  const up = f32x4.splat(2 - power);
  const down = f32x4.splat(1 - power);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const score = v128.load(scores + at);
    const rising = exp4(f32x4.mul(score, up));
    const falling = f32x4.mul(v128.load(targets + at), exp4(f32x4.mul(score, down)));
    put(gradients, hessians, weights, at, f32x4.sub(rising, falling), f32x4.sub(f32x4.mul(up, rising), f32x4.mul(down, falling)));
  }
}

/**
 * One class of a softmax: p of the row's scores (`classes` vectors, `classBytes` apart): g = p − [y = class], h = f p (1 − p),
 * f = classes / (classes − 1) (Friedman 2001, §4.6).
 */
export function softmaxGradients(
  scores: usize,
  classBytes: usize,
  classes: i32,
  kind: i32,
  targets: usize,
  weights: usize,
  gradients: usize,
  hessians: usize,
  from: i32,
  to: i32,
): void {
  const one = f32x4.splat(1);
  const factor = f32x4.splat(<f32>classes / <f32>(classes - 1));
  const wanted = f32x4.splat(<f32>kind);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    let most = v128.load(scores + at);
    for (let each = 1; each < classes; each++) most = f32x4.max(most, v128.load(scores + at + <usize>each * classBytes));
    let sum = f32x4.splat(0);
    for (let each = 0; each < classes; each++) sum = f32x4.add(sum, exp4(f32x4.sub(v128.load(scores + at + <usize>each * classBytes), most)));
    const p = f32x4.div(exp4(f32x4.sub(v128.load(scores + at + <usize>kind * classBytes), most)), sum);
    const is = v128.and(f32x4.eq(v128.load(targets + at), wanted), one);
    put(gradients, hessians, weights, at, f32x4.sub(p, is), f32x4.mul(factor, f32x4.mul(p, f32x4.sub(one, p))));
  }
}
