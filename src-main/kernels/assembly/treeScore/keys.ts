/** What a column of the table of columns is: numbers whose NaN goes left, or right; codes. */
const missingLeft = 0;
const missingRight = 1;

/**
 * Keys of `rows` rows of features, `valueBytes` apart, in groups of 8 (what is missing to a whole group stays as it is). `table`
 * has 12 bytes a column from column 1 on: offset of the feature in a row, what it is, and for codes how many there are.
 *
 * Numbers become keys in the same order: −0 is 0, negative ones have their other bits turned round. NaN becomes the smallest or
 * the largest i32, which no number's key is: it goes left, or right, of every threshold, infinities included.
 * Codes 0 … count − 1 stay as they are; anything else is `count`, NaN count + 1.
 */
export function rowKeys(values: usize, valueBytes: usize, rows: i32, table: usize, columns: i32, keys: usize): void {
  const groupBytes = (<usize>columns + 1) << 5;
  for (let first = 0; first < rows; first += 8) {
    const inGroup = min(8, rows - first);
    v128.store(keys, i32x4.splat(i32.MIN_VALUE));
    v128.store(keys, i32x4.splat(i32.MIN_VALUE), 16);
    for (let column = 0; column < columns; column++) {
      const entry = table + <usize>column * 12;
      const from = values + <usize>load<u32>(entry);
      const to = keys + ((<usize>column + 1) << 5);
      const kind = load<i32>(entry, 4);
      if (kind == missingLeft) numberKeys(from, valueBytes, inGroup, to, i32.MIN_VALUE);
      else if (kind == missingRight) numberKeys(from, valueBytes, inGroup, to, i32.MAX_VALUE);
      else codeKeys(from, valueBytes, inGroup, to, load<i32>(entry, 8));
    }
    values += valueBytes << 3;
    keys += groupBytes;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function numberKeys(values: usize, valueBytes: usize, rows: i32, keys: usize, missing: i32): void {
  for (let row = 0; row < rows; row++) {
    const value = load<f32>(values);
    const bits = reinterpret<i32>(value + <f32>0);
    store<i32>(keys, value == value ? bits ^ ((bits >> 31) & i32.MAX_VALUE) : missing);
    values += valueBytes;
    keys += 4;
  }
}

// @ts-ignore: AssemblyScript's decorator
@inline
function codeKeys(values: usize, valueBytes: usize, rows: i32, keys: usize, count: i32): void {
  for (let row = 0; row < rows; row++) {
    const value = load<f32>(values);
    let key = value == value ? count : count + 1;
    if (value >= 0 && value < <f32>count) {
      const code = <i32>value;
      if (<f32>code == value) key = code;
    }
    store<i32>(keys, key);
    values += valueBytes;
    keys += 4;
  }
}
