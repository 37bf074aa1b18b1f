/**
 * table[indices[i]] ← table[indices[i]] + rows[i], one row after the other. Rows are `width` numbers without padding, indices i32;
 * those below 0 count from the end.
 */
export function addRows(table: usize, tableRows: i32, width: i32, rows: usize, indices: usize, count: i32): void {
  const rowBytes = (<usize>width) << 2;
  const whole = rowBytes & ~15;
  for (let row = 0; row < count; row++) {
    const into = rowAt(table, tableRows, rowBytes, indices, row);
    const from = rows + <usize>row * rowBytes;
    let at: usize = 0;
    for (; at < whole; at += 16) v128.store(into + at, f32x4.add(v128.load(into + at), v128.load(from + at)));
    for (; at < rowBytes; at += 4) store<f32>(into + at, load<f32>(into + at) + load<f32>(from + at));
  }
}

/** table[indices[i]] ← 0. */
export function clearRows(table: usize, tableRows: i32, width: i32, indices: usize, count: i32): void {
  const rowBytes = (<usize>width) << 2;
  for (let row = 0; row < count; row++) memory.fill(rowAt(table, tableRows, rowBytes, indices, row), 0, rowBytes);
}

function rowAt(table: usize, tableRows: i32, rowBytes: usize, indices: usize, row: i32): usize {
  const index = load<i32>(indices + ((<usize>row) << 2));
  return table + <usize>(index < 0 ? index + tableRows : index) * rowBytes;
}
