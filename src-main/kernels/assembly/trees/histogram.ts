/**
 * Slots come in groups of 4. The first `wide` groups have 256 cells a slot and 64 bytes of padding: 2,048 bytes alone would put
 * equal bins of all features into two sets of the first cache. The others look up where they are: 8 bytes a group in `groups`,
 * offset in the histogram and bytes from one slot to the next.
 */
const wideSlot = 2112;
const wideGroup = 4 * wideSlot;
/** Rows that are brought near before they are counted. */
const block = 64;

// @ts-ignore: AssemblyScript's decorator
@inline
function addWide(histogram: usize, row: usize, sum: i64): void {
  let cell = histogram + (<usize>load<u8>(row) << 3);
  store<i64>(cell, load<i64>(cell) + sum);
  cell = histogram + (<usize>load<u8>(row, 1) << 3);
  store<i64>(cell, load<i64>(cell, wideSlot) + sum, wideSlot);
  cell = histogram + (<usize>load<u8>(row, 2) << 3);
  store<i64>(cell, load<i64>(cell, 2 * wideSlot) + sum, 2 * wideSlot);
  cell = histogram + (<usize>load<u8>(row, 3) << 3);
  store<i64>(cell, load<i64>(cell, 3 * wideSlot) + sum, 3 * wideSlot);
}

// @ts-ignore: AssemblyScript's decorator
@inline
function addNarrow(histogram: usize, stride: usize, row: usize, sum: i64): void {
  let cell = histogram + (<usize>load<u8>(row) << 3);
  store<i64>(cell, load<i64>(cell) + sum);
  histogram += stride;
  cell = histogram + (<usize>load<u8>(row, 1) << 3);
  store<i64>(cell, load<i64>(cell) + sum);
  histogram += stride;
  cell = histogram + (<usize>load<u8>(row, 2) << 3);
  store<i64>(cell, load<i64>(cell) + sum);
  histogram += stride;
  cell = histogram + (<usize>load<u8>(row, 3) << 3);
  store<i64>(cell, load<i64>(cell) + sum);
}

// @ts-ignore: AssemblyScript's decorator
@inline
function addRow(histogram: usize, row: usize, wide: i32, groups: usize, groupsEnd: usize, sum: i64): void {
  let at = histogram;
  let left = wide;
  for (; left >= 2; left -= 2) {
    addWide(at, row, sum);
    addWide(at + wideGroup, row + 4, sum);
    at += 2 * wideGroup;
    row += 8;
  }
  if (left) {
    addWide(at, row, sum);
    row += 4;
  }
  for (let group = groups; group < groupsEnd; group += 8) {
    addNarrow(histogram + <usize>load<u32>(group), <usize>load<u32>(group, 4), row, sum);
    row += 4;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function unpack(packed: i32): i64 {
  return (<i64>(packed >> 16) << 32) + <i64>(packed & 0xffff);
}

/** Adds the rows from … to. */
export function rangeHistogram(
  rows: usize,
  rowBytes: usize,
  packed: usize,
  from: i32,
  to: i32,
  histogram: usize,
  wide: i32,
  groups: usize,
  groupsEnd: usize,
): void {
  rows += <usize>from * rowBytes;
  packed += <usize>from << 2;
  for (let row = from; row < to; row++) {
    addRow(histogram, rows, wide, groups, groupsEnd, unpack(load<i32>(packed)));
    packed += 4;
    rows += rowBytes;
  }
}

/** Adds `count` rows of the list `order`. */
export function gatherHistogram(
  rows: usize,
  rowBytes: usize,
  packed: usize,
  order: usize,
  count: i32,
  histogram: usize,
  wide: i32,
  groups: usize,
  groupsEnd: usize,
): void {
  const end = order + (<usize>count << 2);
  for (; order < end; order += 4) {
    const row = <usize>load<u32>(order);
    addRow(histogram, rows + row * rowBytes, wide, groups, groupsEnd, unpack(load<i32>(packed + (row << 2))));
  }
}

/**
 * The same for rows far apart: copies blocks of them into `buffer` first (64 × (row bytes rounded up to 16 + 8)), a tight loop
 * that keeps many cache misses in flight. Reads up to 15 bytes beyond a row.
 */
export function gatherHistogramFar(
  rows: usize,
  rowBytes: usize,
  packed: usize,
  order: usize,
  count: i32,
  histogram: usize,
  wide: i32,
  groups: usize,
  groupsEnd: usize,
  buffer: usize,
): void {
  const near = (rowBytes + 15) & ~15;
  const sums = buffer + <usize>block * near;
  for (let first = 0; first < count; first += block) {
    const size = min(block, count - first);
    let to = buffer;
    let sumTo = sums;
    if (near == 32)
      for (let at = 0; at < size; at++) {
        const row = <usize>load<u32>(order);
        order += 4;
        const from = rows + row * rowBytes;
        store<i64>(sumTo, unpack(load<i32>(packed + (row << 2))));
        sumTo += 8;
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        to += 32;
      }
    else
      for (let at = 0; at < size; at++) {
        const row = <usize>load<u32>(order);
        order += 4;
        const from = rows + row * rowBytes;
        store<i64>(sumTo, unpack(load<i32>(packed + (row << 2))));
        sumTo += 8;
        for (let byte: usize = 0; byte < near; byte += 16) v128.store(to + byte, v128.load(from + byte));
        to += near;
      }
    let row = buffer;
    for (let at = 0; at < size; at++) {
      addRow(histogram, row, wide, groups, groupsEnd, load<i64>(sums + (<usize>at << 3)));
      row += near;
    }
  }
}
