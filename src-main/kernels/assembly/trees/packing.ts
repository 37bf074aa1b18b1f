import { exp4, hash4 } from './numbers';

/** Up with the chance of the fraction, else down; whole numbers stay what they are. */
// @ts-ignore: AssemblyScript's decorator
@inline
function roundByChance(x: v128, chance: v128): v128 {
  const whole = f32x4.floor(x);
  return i32x4.sub(i32x4.trunc_sat_f32x4_s(whole), f32x4.gt(f32x4.sub(x, whole), chance));
}

/** Stochastic rounding of 4 scaled gradients and hessians, 16 random bits for each. */
// @ts-ignore: AssemblyScript's decorator
@inline
function pack4(packed: usize, gradient: v128, hessian: v128, row: i32, seed: i32): void {
  const bits = hash4(row, seed);
  const share = f32x4.splat(1.0 / 65536);
  const g = roundByChance(gradient, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 16)), share));
  const h = roundByChance(hessian, f32x4.mul(f32x4.convert_i32x4_s(v128.and(bits, i32x4.splat(0xffff))), share));
  v128.store(packed, v128.or(i32x4.shl(g, 16), h));
}

/** Logistic loss: g = p − y, h = p (1 − p), times the scales. `from`, as in all kernels over rows, is a multiple of 4; vectors are padded to whole fours. */
export function packLogistic(scores: usize, targets: usize, packed: usize, from: i32, to: i32, gradientScale: f32, hessianScale: f32, seed: i32): void {
  const one = f32x4.splat(1);
  const gScale = f32x4.splat(gradientScale);
  const hScale = f32x4.splat(hessianScale);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    const p = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v128.load(scores + at)))));
    const g = f32x4.sub(p, v128.load(targets + at));
    pack4(packed + at, f32x4.mul(g, gScale), f32x4.mul(f32x4.mul(p, f32x4.sub(one, p)), hScale), row, seed);
  }
}

/** Squared loss: g = score − y, h = 1. */
export function packSquared(scores: usize, targets: usize, packed: usize, from: i32, to: i32, gradientScale: f32, seed: i32): void {
  const gScale = f32x4.splat(gradientScale);
  const one = f32x4.splat(1);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    pack4(packed + at, f32x4.mul(f32x4.sub(v128.load(scores + at), v128.load(targets + at)), gScale), one, row, seed);
  }
}

/** Any gradients and hessians. */
export function packGradients(gradients: usize, hessians: usize, packed: usize, from: i32, to: i32, gradientScale: f32, hessianScale: f32, seed: i32): void {
  const gScale = f32x4.splat(gradientScale);
  const hScale = f32x4.splat(hessianScale);
  for (let row = from; row < to; row += 4) {
    const at = <usize>row << 2;
    pack4(packed + at, f32x4.mul(v128.load(gradients + at), gScale), f32x4.mul(v128.load(hessians + at), hScale), row, seed);
  }
}

/** max |a − b|; without b (0) max |a|. */
export function largest(a: usize, b: usize, from: i32, to: i32): f32 {
  let most = f32x4.splat(0);
  let row = from;
  for (; row + 4 <= to; row += 4) {
    const at = <usize>row << 2;
    const x = v128.load(a + at);
    most = f32x4.max(most, f32x4.abs(b ? f32x4.sub(x, v128.load(b + at)) : x));
  }
  let result = max(max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)), max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)));
  for (; row < to; row++) {
    const at = <usize>row << 2;
    result = max(result, abs(b ? load<f32>(a + at) - load<f32>(b + at) : load<f32>(a + at)));
  }
  return result;
}

/** Sum of the cells of one slot, gradient and hessian of all rows, as an i64 at `sums`. */
export function rootSums(histogram: usize, cells: i32, sums: usize): void {
  let sum: i64 = 0;
  for (let cell = 0; cell < cells; cell++) sum += load<i64>(histogram + (<usize>cell << 3));
  store<i64>(sums, sum);
}
