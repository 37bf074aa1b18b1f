const numeric = 0;

/**
 * Bins of a block of rows (float32, row-major, `width` features) into both layouts: row `first` + r of the matrix. `table` has 24
 * bytes a slot: offset of the feature in a row; 0 for numbers, 1 for categories; address of the cut points, of the bins by code;
 * halvings of the search, number of codes; bin of unknown codes.
 *
 * A number's bin is 1 + how many cut points are below it; there are 2^halvings − 1, ascending, padded with +∞. So x ≤ cut k is
 * bin ≤ k + 1 for every float32: the comparison that is served.
 */
export function binBlock(
  values: usize,
  width: i32,
  count: i32,
  table: usize,
  slots: i32,
  first: i32,
  columns: usize,
  columnBytes: usize,
  rows: usize,
  rowBytes: usize,
): void {
  const valueBytes = (<usize>width) << 2;
  for (let slot = 0; slot < slots; slot++) {
    const entry = table + <usize>slot * 24;
    let from = values + <usize>load<u32>(entry);
    let column = columns + <usize>slot * columnBytes + <usize>first;
    let cell = rows + <usize>first * rowBytes + <usize>slot;
    const list = <usize>load<u32>(entry, 8);
    const size = load<i32>(entry, 12);
    if (load<i32>(entry, 4) == numeric)
      for (let row = 0; row < count; row++) {
        const value = load<f32>(from);
        let at = list;
        for (let half = size - 1; half >= 0; half--)
          at += (<usize>(load<f32>(at + ((((<usize>1) << half) - 1) << 2)) < value)) << (half + 2);
        const bin = select<u32>(<u32>((at - list) >> 2) + 1, 0, value == value);
        store<u8>(column, bin);
        store<u8>(cell, bin);
        from += valueBytes;
        column++;
        cell += rowBytes;
      }
    else
      for (let row = 0; row < count; row++) {
        const value = load<f32>(from);
        let bin: u32 = value == value ? load<u32>(entry, 16) : 0;
        if (value >= 0 && value < <f32>size) {
          const code = <i32>value;
          if (<f32>code == value) bin = <u32>load<u8>(list + <usize>code);
        }
        store<u8>(column, bin);
        store<u8>(cell, bin);
        from += valueBytes;
        column++;
        cell += rowBytes;
      }
  }
}

/**
 * Cut points between the values of a sample: between all distinct ones where there are at most `bins`; otherwise in equal counts,
 * with a bin of its own for each value that fills one (the greedy rule of LightGBM's bin.cpp). A cut point is the float32 nearest to the middle of
 * two neighbours, the lower neighbour where that would reach the upper. `values`, `scratch`: `count` float32 each, destroyed;
 * `counts`: 8 KiB; `cuts`: room for `bins` numbers. Returns how many cut points there are.
 */
export function cutPoints(values: usize, count: i32, scratch: usize, counts: usize, bins: i32, cuts: usize): i32 {
  const known = sortNumbers(values, count, scratch, counts);
  if (known == 0) return 0;
  const sorted = scratch;
  let distinct = 1;
  for (let at = 1; at < known; at++)
    distinct += <i32>(load<f32>(sorted + ((<usize>at) << 2)) != load<f32>(sorted + ((<usize>(at - 1)) << 2)));
  let made = 0;
  if (distinct <= bins) {
    for (let at = 1; at < known; at++) {
      const low = load<f32>(sorted + ((<usize>(at - 1)) << 2));
      const high = load<f32>(sorted + ((<usize>at) << 2));
      if (low == high) continue;
      store<f32>(cuts + ((<usize>made) << 2), middle(low, high));
      made++;
    }
    return made;
  }
  const mean = <f64>known / <f64>bins;
  let restBins = bins;
  let restRows = known;
  for (let at = 0; at < known;) {
    const size = runLength(sorted, at, known);
    if (<f64>size >= mean) {
      restBins--;
      restRows -= size;
    }
    at += size;
  }
  let fill = restBins > 0 ? <f64>restRows / <f64>restBins : 0;
  let inBin = 0;
  for (let at = 0; at < known && made < bins - 1;) {
    const size = runLength(sorted, at, known);
    const big = <f64>size >= mean;
    if (!big) restRows -= size;
    inBin += size;
    at += size;
    if (at == known) break;
    const nextIsBig = <f64>runLength(sorted, at, known) >= mean;
    if (big || <f64>inBin >= fill || (nextIsBig && <f64>inBin >= max<f64>(1, fill * 0.5))) {
      store<f32>(cuts + ((<usize>made) << 2), middle(load<f32>(sorted + ((<usize>(at - 1)) << 2)), load<f32>(sorted + ((<usize>at) << 2))));
      made++;
      inBin = 0;
      if (!big) {
        restBins--;
        fill = restBins > 0 ? <f64>restRows / <f64>restBins : 0;
      }
    }
  }
  return made;
}

function runLength(sorted: usize, from: i32, end: i32): i32 {
  const value = load<f32>(sorted + ((<usize>from) << 2));
  let to = from + 1;
  while (to < end && load<f32>(sorted + ((<usize>to) << 2)) == value) to++;
  return to - from;
}

function middle(low: f32, high: f32): f32 {
  const between = <f32>((<f64>low + <f64>high) * 0.5);
  // Also where −∞ meets ∞ and the middle is no number.
  return between < high ? between : low;
}

/** Ascending into `sorted`, NaN left out; returns how many. Radix sort, 3 passes over 11 bits of order-preserving integers. */
function sortNumbers(values: usize, count: i32, sorted: usize, counts: usize): i32 {
  let known = 0;
  for (let at = 0; at < count; at++) {
    const value = load<f32>(values + ((<usize>at) << 2));
    if (value != value) continue;
    const bits = reinterpret<i32>(value + <f32>0);
    store<u32>(values + ((<usize>known) << 2), bits ^ ((bits >> 31) | i32.MIN_VALUE));
    known++;
  }
  let from = values;
  let to = sorted;
  for (let shift = 0; shift < 33; shift += 11) {
    memory.fill(counts, 0, 8192);
    for (let at = 0; at < known; at++) {
      const entry = counts + ((<usize>((load<u32>(from + ((<usize>at) << 2)) >>> shift) & 2047)) << 2);
      store<i32>(entry, load<i32>(entry) + 1);
    }
    let before = 0;
    for (let at = 0; at < 2048; at++) {
      const here = load<i32>(counts + ((<usize>at) << 2));
      store<i32>(counts + ((<usize>at) << 2), before);
      before += here;
    }
    for (let at = 0; at < known; at++) {
      const key = load<u32>(from + ((<usize>at) << 2));
      const entry = counts + ((<usize>((key >>> shift) & 2047)) << 2);
      const place = load<i32>(entry);
      store<i32>(entry, place + 1);
      store<u32>(to + ((<usize>place) << 2), key);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  for (let at = 0; at < known; at++) {
    const key = load<u32>(sorted + ((<usize>at) << 2));
    store<u32>(sorted + ((<usize>at) << 2), key ^ (~(<u32>((<i32>key) >> 31)) | 0x8000_0000));
  }
  return known;
}
