/** Bytes summed in float32 before they go on in float64: 4096 numbers, 256 to a lane. */
const blockBytes: usize = 16384;

/** x ← s x. */
export function scale(vector: usize, count: i32, factor: f32): void {
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) v128.store(vector + at, f32x4.mul(v128.load(vector + at), f32x4.splat(factor)));
}

/** into ← into + s from. */
export function addScaled(into: usize, from: usize, count: i32, factor: f32): void {
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16)
    v128.store(into + at, f32x4.add(v128.load(into + at), f32x4.mul(v128.load(from + at), f32x4.splat(factor))));
}

/** into ← into + rate (from − into); at rate 1 a copy. */
export function moveTowards(into: usize, from: usize, count: i32, rate: f32): void {
  if (rate == 1) {
    memory.copy(into, from, (<usize>count) << 2);
    return;
  }
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const old = v128.load(into + at);
    v128.store(into + at, f32x4.add(old, f32x4.mul(f32x4.sub(v128.load(from + at), old), f32x4.splat(rate))));
  }
}

/** v₀ ← ((v₀ + v₁) + v₂) + …, the vectors `strideBytes` apart. */
export function sumParts(first: usize, count: i32, strideBytes: usize, parts: i32): void {
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    let sum = v128.load(first + at);
    for (let part = 1; part < parts; part++) sum = f32x4.add(sum, v128.load(first + <usize>part * strideBytes + at));
    v128.store(first + at, sum);
  }
}

/** Σx², float32 within blocks of 4096, float64 across. */
export function sumOfSquares(vector: usize, count: i32): f64 {
  const end = (<usize>count) << 2;
  let total: f64 = 0;
  for (let block: usize = 0; block < end; block += blockBytes) total += squares(vector + block, min<usize>(blockBytes, end - block));
  return total;
}

/**
 * Σx² of each block of 4096 into a float64 of its own, so that threads may share a vector out by blocks: added up in their order they
 * give `sumOfSquares`. Block 0 starts at `origin`, its sum lies at `sums`.
 */
export function blockSquares(vector: usize, count: i32, origin: usize, sums: usize): void {
  const end = (<usize>count) << 2;
  for (let block: usize = 0; block < end; block += blockBytes)
    store<f64>(sumOf(vector + block, origin, sums), squares(vector + block, min<usize>(blockBytes, end - block)));
}

/** `sumParts` and `blockSquares` of the result in one pass through memory. */
export function sumPartsSquares(first: usize, count: i32, strideBytes: usize, parts: i32, origin: usize, sums: usize): void {
  const end = (<usize>count) << 2;
  for (let block: usize = 0; block < end; block += blockBytes) {
    const bytes = min<usize>(blockBytes, end - block);
    sumParts(first + block, <i32>(bytes >> 2), strideBytes, parts);
    store<f64>(sumOf(first + block, origin, sums), squares(first + block, bytes));
  }
}

/** 8 bytes a block. */
function sumOf(block: usize, origin: usize, sums: usize): usize {
  return sums + ((block - origin) >> 11);
}

function squares(vector: usize, bytes: usize): f64 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const x = v128.load(vector + at);
    const y = v128.load(vector + at, 16);
    const z = v128.load(vector + at, 32);
    const w = v128.load(vector + at, 48);
    a = f32x4.add(a, f32x4.mul(x, x));
    b = f32x4.add(b, f32x4.mul(y, y));
    c = f32x4.add(c, f32x4.mul(z, z));
    d = f32x4.add(d, f32x4.mul(w, w));
  }
  for (; at < bytes; at += 16) {
    const x = v128.load(vector + at);
    a = f32x4.add(a, f32x4.mul(x, x));
  }
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  return (
    <f64>f32x4.extract_lane(sum, 0) +
    <f64>f32x4.extract_lane(sum, 1) +
    (<f64>f32x4.extract_lane(sum, 2) + <f64>f32x4.extract_lane(sum, 3))
  );
}

/** Numbers with |x| < limit become 0. */
export function zeroBelow(vector: usize, count: i32, limit: f32): void {
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const x = v128.load(vector + at);
    v128.store(vector + at, v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(limit))));
  }
}

/** Index of the first NaN or infinity, −1 where there is none. */
export function firstNotFinite(vector: usize, count: i32): i32 {
  const exponent = i32x4.splat(0x7f800000);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const broken = i32x4.eq(v128.and(v128.load(vector + at), exponent), exponent);
    if (v128.any_true(broken)) {
      for (let lane: usize = 0; lane < 16; lane += 4)
        if ((load<i32>(vector + at + lane) & 0x7f800000) == 0x7f800000) return <i32>((at + lane) >> 2);
    }
  }
  return -1;
}
