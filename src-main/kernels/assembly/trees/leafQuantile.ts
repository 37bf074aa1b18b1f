/**
 * Weighted quantile of y − s over `count` rows of a list: the smallest residual at which the weights up to it reach `level` of all.
 * Finds the float32 digit by digit (11, 11, 10 bits of order-preserving integers). `sums`: 2,048 f64.
 */
export function leafQuantile(scores: usize, targets: usize, weights: usize, order: usize, count: i32, level: f64, sums: usize): f32 {
  let prefix: u32 = 0;
  let wanted: f64 = 0;
  let before: f64 = 0;
  for (let digit = 0; digit < 3; digit++) {
    const shift: u32 = digit == 0 ? 21 : digit == 1 ? 10 : 0;
    const size: u32 = digit == 2 ? 1024 : 2048;
    memory.fill(sums, 0, <usize>size << 3);
    let total: f64 = 0;
    for (let at = 0; at < count; at++) {
      const row = <usize>load<u32>(order + (<usize>at << 2)) << 2;
      const key = keyOf(load<f32>(targets + row) - load<f32>(scores + row));
      if (digit == 1 && key >>> 21 != prefix) continue;
      if (digit == 2 && key >>> 10 != prefix) continue;
      const entry = sums + (<usize>((key >>> shift) & (size - 1)) << 3);
      const weight: f64 = weights ? <f64>load<f32>(weights + row) : 1;
      store<f64>(entry, load<f64>(entry) + weight);
      total += weight;
    }
    if (digit == 0) wanted = level * total;
    let found: u32 = 0;
    let last: u32 = 0;
    let sum = before;
    for (; found < size; found++) {
      const here = load<f64>(sums + (<usize>found << 3));
      if (here == 0) continue;
      last = found;
      if (sum + here >= wanted) break;
      sum += here;
    }
    // Rounding of sums may leave nothing: then it is the largest.
    if (found == size) {
      found = last;
      sum -= load<f64>(sums + (<usize>last << 3));
    }
    before = sum;
    prefix = digit == 2 ? (prefix << 10) | found : (prefix << 11) | found;
  }
  const bits = prefix ^ (~(<u32>(<i32>prefix >> 31)) | 0x8000_0000);
  return reinterpret<f32>(bits);
}

// @ts-ignore: AssemblyScript's decorator
@inline
function keyOf(value: f32): u32 {
  const bits = reinterpret<i32>(value + <f32>0);
  return bits ^ ((bits >> 31) | i32.MIN_VALUE);
}
