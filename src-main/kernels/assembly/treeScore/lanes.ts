/**
 * Trees of at most 256 leaves for 32 rows at a time, a byte a row: no row walks, every node splits the rows that reach it.
 *
 * Groups of 32 rows hold columns of 32 bytes: of numbers the rank − 128, which is how many of the column's thresholds the number
 * exceeds; of categories two columns, code >> 3 and 1 << (code & 7); then room for what `setLanes` writes.
 */

/** What a column of the table is. */
const missingLeft = 0;
const missingRight = 1;

/**
 * Columns of `rows` rows of features, `valueBytes` apart. `table` has 20 bytes a column: offset of the feature in a row, what it
 * is, how many thresholds or codes, address of the ascending thresholds, offset in the group.
 */
export function rowLanes(values: usize, valueBytes: usize, rows: i32, table: usize, columns: i32, groupBytes: usize, lanes: usize): void {
  for (let first = 0; first < rows; first += 32) {
    const inGroup = min(32, rows - first);
    for (let column = 0; column < columns; column++) {
      const entry = table + <usize>column * 20;
      const from = values + <usize>load<u32>(entry);
      const kind = load<i32>(entry, 4);
      const count = load<i32>(entry, 8);
      const to = lanes + <usize>load<u32>(entry, 16);
      if (kind == missingLeft) ranks(from, valueBytes, inGroup, to, load<u32>(entry, 12), count, 0);
      else if (kind == missingRight) ranks(from, valueBytes, inGroup, to, load<u32>(entry, 12), count, count);
      else codes(from, valueBytes, inGroup, to, count);
    }
    values += valueBytes << 5;
    lanes += groupBytes;
  }
}

/** By halving, without branches. */
function ranks(values: usize, valueBytes: usize, rows: i32, to: usize, thresholds: usize, count: i32, missing: i32): void {
  for (let row = 0; row < rows; row++) {
    const value = load<f32>(values);
    let base = thresholds;
    let length = count;
    while (length > 1) {
      const half = length >> 1;
      const bytes = (<usize>half) << 2;
      base = select<usize>(base + bytes, base, load<f32>(base + bytes - 4) < value);
      length -= half;
    }
    const rank = <i32>((base - thresholds) >> 2) + <i32>(load<f32>(base) < value);
    store<u8>(to, <u8>((value == value ? rank : missing) - 128));
    values += valueBytes;
    to++;
  }
}

function codes(values: usize, valueBytes: usize, rows: i32, to: usize, count: i32): void {
  for (let row = 0; row < rows; row++) {
    const value = load<f32>(values);
    let key = value == value ? count : count + 1;
    if (value >= 0 && value < <f32>count) {
      const code = <i32>value;
      if (<f32>code == value) key = code;
    }
    store<u8>(to, <u8>(key >> 3));
    store<u8>(to, <u8>((<u32>1) << (<u32>key & 7)), 32);
    values += valueBytes;
    to++;
  }
}

/**
 * What the `count` category tests of a tree say, as columns of their own: 0 where the row goes right, −1 where left. `table` has 12
 * bytes a test: offset of the codes in the group, address of the set (32 bytes), offset of the answer.
 */
export function setLanes(table: usize, count: i32, groupBytes: usize, groups: i32, lanes: usize): void {
  const zero = i8x16.splat(0);
  const sixteen = i8x16.splat(16);
  for (let test = 0; test < count; test++) {
    const set = <usize>load<u32>(table, 4);
    const low = v128.load(set);
    const high = v128.load(set, 16);
    let from = lanes + <usize>load<u32>(table);
    let to = lanes + <usize>load<u32>(table, 8);
    for (let group = 0; group < groups; group++) {
      const bytes0 = v128.load(from);
      const bytes1 = v128.load(from, 16);
      const found0 = v128.or(i8x16.swizzle(low, bytes0), i8x16.swizzle(high, i8x16.sub(bytes0, sixteen)));
      const found1 = v128.or(i8x16.swizzle(low, bytes1), i8x16.swizzle(high, i8x16.sub(bytes1, sixteen)));
      v128.store(to, i8x16.eq(v128.and(found0, v128.load(from, 32)), zero));
      v128.store(to, i8x16.eq(v128.and(found1, v128.load(from, 48)), zero), 16);
      from += groupBytes;
      to += groupBytes;
    }
    table += 12;
  }
}

/**
 * Where the rows of `groups` groups end in one tree: writes the entry of `values` (4 bytes a leaf, from left to right) of each
 * row's leaf. `nodes` has 12 bytes for each of the `count` splits, parents first: u32 offset of the column in the group; u16
 * offsets in `masks` of the rows that reach the node and of those that its left child will get (the right child's follow); u8
 * threshold: above it is right; u8 how many leaves lie left.
 */
export function walkLanes(nodes: usize, count: i32, groupBytes: usize, groups: i32, lanes: usize, masks: usize, values: usize, leaves: usize): void {
  const end = nodes + <usize>count * 12;
  v128.store(masks, i8x16.splat(-1));
  v128.store(masks, i8x16.splat(-1), 16);
  for (let group = 0; group < groups; group++) {
    let leaf0 = i8x16.splat(0);
    let leaf1 = i8x16.splat(0);
    for (let node = nodes; node < end; node += 12) {
      const column = lanes + <usize>load<u32>(node);
      const own = masks + <usize>load<u16>(node, 4);
      const child = masks + <usize>load<u16>(node, 6);
      const threshold = v128.load_splat<u8>(node, 8);
      const skipped = v128.load_splat<u8>(node, 9);
      const here0 = v128.load(own);
      const here1 = v128.load(own, 16);
      const right0 = v128.and(i8x16.gt_s(v128.load(column), threshold), here0);
      const right1 = v128.and(i8x16.gt_s(v128.load(column, 16), threshold), here1);
      v128.store(child, v128.andnot(here0, right0));
      v128.store(child, v128.andnot(here1, right1), 16);
      v128.store(child, right0, 32);
      v128.store(child, right1, 48);
      leaf0 = i8x16.add(leaf0, v128.and(right0, skipped));
      leaf1 = i8x16.add(leaf1, v128.and(right1, skipped));
    }
    // The rows at the root are not needed before the next group's.
    v128.store(masks + 64, leaf0);
    v128.store(masks + 64, leaf1, 16);
    for (let row: usize = 0; row < 32; row += 4) {
      const at = masks + 64 + row;
      const into = leaves + (row << 2);
      store<i32>(into, load<i32>(values + (<usize>load<u8>(at) << 2)));
      store<i32>(into, load<i32>(values + (<usize>load<u8>(at, 1) << 2)), 4);
      store<i32>(into, load<i32>(values + (<usize>load<u8>(at, 2) << 2)), 8);
      store<i32>(into, load<i32>(values + (<usize>load<u8>(at, 3) << 2)), 12);
    }
    lanes += groupBytes;
    leaves += 128;
  }
}
