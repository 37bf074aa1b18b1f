/** exp of 4 numbers between −87 and 87 (beyond, of the nearer end): relative error 2e-7 (Cephes' polynomial). */
// @ts-ignore: AssemblyScript's decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, f32x4.splat(87)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375))), f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23));
}

/** exp in float64, relative error below 1e-14. */
export function exp64(x: f64): f64 {
  if (x != x) return x;
  if (x > 709) x = 709;
  if (x < -708) return 0;
  const n = nearest(x * 1.4426950408889634);
  const r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10;
  // Taylor to r¹², |r| ≤ 0.35.
  let sum: f64 = 1.0 / 479001600;
  sum = sum * r + 1.0 / 39916800;
  sum = sum * r + 1.0 / 3628800;
  sum = sum * r + 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** log of a positive normal number in float64, absolute error below 1e-14: ln m = 2 artanh((m − 1) / (m + 1)). */
export function log64(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = <i32>(bits >> 52) - 1023;
  let mantissa = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum: f64 = 1.0 / 19;
  sum = sum * square + 1.0 / 17;
  sum = sum * square + 1.0 / 15;
  sum = sum * square + 1.0 / 13;
  sum = sum * square + 1.0 / 11;
  sum = sum * square + 1.0 / 9;
  sum = sum * square + 1.0 / 7;
  sum = sum * square + 1.0 / 5;
  sum = sum * square + 1.0 / 3;
  sum = sum * square + 1;
  return 2 * s * sum + <f64>exponent * 0.6931471805599453;
}

/** 32 random bits for each of 4 rows from `row` on: a hash of row and seed, so that it is the same in any thread. */
// @ts-ignore: AssemblyScript's decorator
@inline
export function hash4(row: i32, seed: i32): v128 {
  let bits = i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3));
  bits = i32x4.mul(i32x4.add(bits, i32x4.splat(seed)), i32x4.splat(0x9e3779b1));
  bits = v128.xor(bits, i32x4.shr_u(bits, 15));
  bits = i32x4.mul(bits, i32x4.splat(0x2c1b3c6d));
  return v128.xor(bits, i32x4.shr_u(bits, 13));
}

/** The same for one row. */
// @ts-ignore: AssemblyScript's decorator
@inline
export function hash1(row: i32, seed: i32): u32 {
  let bits: u32 = <u32>(row + seed) * 0x9e3779b1;
  bits ^= bits >>> 15;
  bits *= 0x2c1b3c6d;
  return bits ^ (bits >>> 13);
}
