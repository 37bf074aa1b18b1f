/** Sums of many rows after one tree: sums[i × outputs] += leaves[i] in float32. With one output `rows` must be a multiple of 4. */
export function addToRows(leaves: usize, rows: i32, sums: usize, outputs: i32): void {
  if (outputs == 1) {
    for (let row = 0; row < rows; row += 4) {
      v128.store(sums, f32x4.add(v128.load(sums), v128.load(leaves)));
      leaves += 16;
      sums += 16;
    }
    return;
  }
  const sumBytes = (<usize>outputs) << 2;
  for (let row = 0; row < rows; row++) {
    store<f32>(sums, load<f32>(sums) + load<f32>(leaves));
    leaves += 4;
    sums += sumBytes;
  }
}

/** Sums of one row over its trees: sums[t % outputs] += leaves[t], in the order of the trees. */
export function addTrees(leaves: usize, trees: i32, sums: usize, outputs: i32): void {
  for (let first = 0; first < outputs; first++) {
    let sum: f32 = load<f32>(sums);
    for (let tree = first; tree < trees; tree += outputs) sum += load<f32>(leaves + ((<usize>tree) << 2));
    store<f32>(sums, sum);
    sums += 4;
  }
}

/**
 * Leaves that hold the number of a vector of `width` numbers: sums[…] += vectors[leaf, …] in float32, the sums `sumBytes` further
 * each time: the next row's, or 0 for many trees of one row.
 */
export function addVectors(leaves: usize, count: i32, vectors: usize, sums: usize, width: i32, sumBytes: usize): void {
  const bytes = (<usize>width) << 2;
  const whole = bytes & ~15;
  for (let at = 0; at < count; at++) {
    const vector = vectors + <usize>load<i32>(leaves) * bytes;
    let offset: usize = 0;
    for (; offset < whole; offset += 16) v128.store(sums + offset, f32x4.add(v128.load(sums + offset), v128.load(vector + offset)));
    for (; offset < bytes; offset += 4) store<f32>(sums + offset, load<f32>(sums + offset) + load<f32>(vector + offset));
    leaves += 4;
    sums += sumBytes;
  }
}
