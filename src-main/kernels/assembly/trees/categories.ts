import { gradientOf, hessianOf, sideScore, writeRecord } from './leafMath';

/** Bin of rare and unknown categories: it always goes right, as any code that training did not see. */
const rest = 1;

/** One level to the left, all others to the right. */
export function bestLevel(cells: usize, bins: i32, leaf: usize, settings: usize, least: f64, record: usize): void {
  const sums = load<i64>(leaf);
  const penalty = load<f64>(settings, 24);
  const most = hessianOf(sums) - least;
  let best = load<f64>(leaf, 48);
  let bestBin = -1;
  let bestLeft: i64 = 0;
  for (let bin = 0; bin < bins; bin++) {
    if (bin == rest) continue;
    const left = load<i64>(cells + (<usize>bin << 3));
    if (hessianOf(left) < least || hessianOf(left) > most) continue;
    const score = sideScore(left, settings, penalty, leaf) + sideScore(sums - left, settings, penalty, leaf);
    if (score > best) {
      best = score;
      bestBin = bin;
      bestLeft = left;
    }
  }
  if (bestBin < 0) return;
  writeRecord(record, best, bestLeft, 0, 0, 1);
  clearSet(record);
  addToSet(record, bestBin);
}

/**
 * A subset to the left: levels in the order of G / (H + smoothing), of which the first or the last few are tried (Fisher 1958;
 * limits as LightGBM's feature_histogram.cpp has them). `scratch`: 3 KiB.
 */
export function bestSubset(cells: usize, bins: i32, leaf: usize, settings: usize, least: f64, record: usize, scratch: usize): void {
  const sums = load<i64>(leaf);
  const total = hessianOf(sums);
  const rowsPerHessian = load<f64>(leaf, 8) / total;
  const gradientUnit = load<f64>(settings);
  const hessianUnit = load<f64>(settings, 8);
  const smoothing = load<f64>(settings, 56);
  const penalty = load<f64>(settings, 24) + load<f64>(settings, 64);
  const keys = scratch + 1024;
  let count = 0;
  for (let bin = 0; bin < bins; bin++) {
    const sum = load<i64>(cells + (<usize>bin << 3));
    if (bin == rest || sum == 0 || nearest(hessianOf(sum) * rowsPerHessian) < smoothing) continue;
    store<i32>(scratch + (<usize>count << 2), bin);
    store<f64>(keys + (<usize>count << 3), (gradientOf(sum) * gradientUnit) / (hessianOf(sum) * hessianUnit + smoothing));
    count++;
  }
  if (count == 0) return;
  sortByKey(scratch, keys, count);
  const longest = min(<i32>load<f64>(settings, 72), (count + 1) >> 1);
  const leastInStep = load<f64>(settings, 80);
  const leastRight = max<f64>(least, ((leastInStep - 0.5) * total) / load<f64>(leaf, 8));
  let best = load<f64>(leaf, 48);
  let bestLength = 0;
  let bestFromEnd = false;
  let bestLeft: i64 = 0;
  for (let fromEnd = 0; fromEnd < 2; fromEnd++) {
    let left: i64 = 0;
    let inStep: f64 = 0;
    for (let length = 1; length <= longest; length++) {
      const bin = load<i32>(scratch + (<usize>(fromEnd ? count - length : length - 1) << 2));
      const sum = load<i64>(cells + (<usize>bin << 3));
      left += sum;
      inStep += hessianOf(sum) * rowsPerHessian;
      if (hessianOf(left) < least) continue;
      if (total - hessianOf(left) < leastRight) break;
      if (inStep < leastInStep - 0.5) continue;
      inStep = 0;
      const score = sideScore(left, settings, penalty, leaf) + sideScore(sums - left, settings, penalty, leaf);
      if (score > best) {
        best = score;
        bestLength = length;
        bestFromEnd = <bool>fromEnd;
        bestLeft = left;
      }
    }
  }
  if (bestLength == 0) return;
  writeRecord(record, best, bestLeft, 0, 0, 2);
  clearSet(record);
  for (let at = 0; at < bestLength; at++) addToSet(record, load<i32>(scratch + (<usize>(bestFromEnd ? count - 1 - at : at) << 2)));
}

/** Shell sort, equal keys by bin. */
function sortByKey(list: usize, keys: usize, count: i32): void {
  for (let gap = count >> 1; gap > 0; gap >>= 1)
    for (let at = gap; at < count; at++) {
      const bin = load<i32>(list + (<usize>at << 2));
      const key = load<f64>(keys + (<usize>at << 3));
      let to = at;
      for (; to >= gap; to -= gap) {
        const otherKey = load<f64>(keys + (<usize>(to - gap) << 3));
        const other = load<i32>(list + (<usize>(to - gap) << 2));
        if (otherKey < key || (otherKey == key && other < bin)) break;
        store<i32>(list + (<usize>to << 2), other);
        store<f64>(keys + (<usize>to << 3), otherKey);
      }
      store<i32>(list + (<usize>to << 2), bin);
      store<f64>(keys + (<usize>to << 3), key);
    }
}

function clearSet(record: usize): void {
  v128.store(record, i64x2.splat(0), 32);
  v128.store(record, i64x2.splat(0), 48);
}

function addToSet(record: usize, bin: i32): void {
  const at = record + 32 + <usize>(bin >> 3);
  store<u8>(at, <u8>(<i32>load<u8>(at) | (1 << (bin & 7))));
}
