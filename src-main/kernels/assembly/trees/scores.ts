/** Adds `value` to the scores of `count` rows of a list. */
export function addLeaves(scores: usize, order: usize, count: i32, value: f32): void {
  const end = order + ((<usize>count) << 2);
  for (; order < end; order += 4) {
    const at = scores + ((<usize>load<u32>(order)) << 2);
    store<f32>(at, load<f32>(at) + value);
  }
}

/**
 * Adds one tree to the scores of binned rows: those at `order` when given, else `from` … `to` themselves. A node is 16 bytes: slot
 * (u16), offset (u8), 1 for a set (u8), last bin or address of the set, child to the left and to the right; children below 0 are leaves, −1 − leaf.
 */
export function applyTree(
  rows: usize,
  rowBytes: usize,
  order: usize,
  from: i32,
  to: i32,
  nodes: usize,
  leaves: usize,
  scores: usize,
): void {
  for (let at = from; at < to; at++) {
    const index = order ? load<u32>(order + ((<usize>at) << 2)) : <u32>at;
    const row = rows + <usize>index * rowBytes;
    let node = 0;
    do {
      const entry = nodes + ((<usize>node) << 4);
      const bin = <i32>load<u8>(row + <usize>load<u16>(entry));
      const test = load<i32>(entry, 4);
      let left: bool;
      if (load<u8>(entry, 3)) left = <bool>(((<u32>load<u8>(<usize>test + <usize>(bin >> 3))) >>> (bin & 7)) & 1);
      else left = ((bin - <i32>load<u8>(entry, 2)) & 255) <= test;
      node = left ? load<i32>(entry, 8) : load<i32>(entry, 12);
    } while (node >= 0);
    const score = scores + ((<usize>index) << 2);
    store<f32>(score, load<f32>(score) + load<f32>(leaves + ((<usize>~node) << 2)));
  }
}
