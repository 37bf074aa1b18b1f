/**
 * Stable partitions of a list of rows (u32 each): those that go left keep their order, so do those that go right. A number goes
 * left when ((bin − offset) & 255) ≤ last: offset 0 sends missing values left, offset 1 (with last one less) right. A set is 32
 * bytes, a bit for each bin that goes left. Return how many went left. `lookup`: 16 shuffles of 16 bytes, see `partitionLookup`.
 */

/** Left rows stay at the front of the list, right ones follow by way of `right` (room for `count` rows and 3 more). */
export function partitionInPlace(column: usize, order: usize, count: i32, offset: i32, last: i32, right: usize, lookup: usize): i32 {
  const left = partitionInto(column, order, count, offset, last, order, right, lookup);
  memory.copy(order + ((<usize>left) << 2), right, (<usize>(count - left)) << 2);
  return left;
}

export function partitionSetInPlace(column: usize, order: usize, count: i32, set: usize, right: usize): i32 {
  const left = partitionSetInto(column, order, count, set, order, right);
  memory.copy(order + ((<usize>left) << 2), right, (<usize>(count - left)) << 2);
  return left;
}

/** `left` may be `order` itself: what is written has been read. Both need room for 3 rows more. */
export function partitionInto(
  column: usize,
  order: usize,
  count: i32,
  offset: i32,
  last: i32,
  left: usize,
  right: usize,
  lookup: usize,
): i32 {
  const start = left;
  const whole = count & ~3;
  const lasts = i32x4.splat(last);
  const offsets = i32x4.splat(offset);
  const byte = i32x4.splat(255);
  for (let at = 0; at < whole; at += 4) {
    const rows = v128.load(order);
    order += 16;
    let bins = v128.load8_lane(column + <usize>i32x4.extract_lane(rows, 0), i32x4.splat(0), 0);
    bins = v128.load8_lane(column + <usize>i32x4.extract_lane(rows, 1), bins, 4);
    bins = v128.load8_lane(column + <usize>i32x4.extract_lane(rows, 2), bins, 8);
    bins = v128.load8_lane(column + <usize>i32x4.extract_lane(rows, 3), bins, 12);
    const goes = i32x4.bitmask(i32x4.le_u(v128.and(i32x4.sub(bins, offsets), byte), lasts));
    v128.store(left, i8x16.swizzle(rows, v128.load(lookup + ((<usize>goes) << 4))));
    v128.store(right, i8x16.swizzle(rows, v128.load(lookup + ((<usize>(15 - goes)) << 4))));
    const bytes = (<usize>popcnt(goes)) << 2;
    left += bytes;
    right += 16 - bytes;
  }
  for (let at = whole; at < count; at++) {
    const row = load<u32>(order);
    order += 4;
    if (((<i32>load<u8>(column + <usize>row) - offset) & 255) <= last) {
      store<u32>(left, row);
      left += 4;
    } else {
      store<u32>(right, row);
      right += 4;
    }
  }
  return <i32>((left - start) >> 2);
}

export function partitionSetInto(column: usize, order: usize, count: i32, set: usize, left: usize, right: usize): i32 {
  const start = left;
  for (let at = 0; at < count; at++) {
    const row = load<u32>(order);
    order += 4;
    const bin = <usize>load<u8>(column + <usize>row);
    const goes = ((<u32>load<u8>(set + (bin >> 3))) >>> ((<u32>bin) & 7)) & 1;
    store<u32>(right, row);
    store<u32>(left, row);
    left += (<usize>goes) << 2;
    right += (<usize>(1 - goes)) << 2;
  }
  return <i32>((left - start) >> 2);
}

/** Rows from … to in their own order. */
export function identityOrder(order: usize, from: i32, to: i32): void {
  for (let row = from; row < to; row++) store<u32>(order + ((<usize>row) << 2), row);
}

export function clear(to: usize, bytes: usize): void {
  memory.fill(to, 0, bytes);
}

export function copy(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes);
}
