import { bestSubset, bestLevel } from './categories';
import { hessianOf, gradientOf, sideScore, outputOf, scoreAt, writeRecord } from './leafMath';

/**
 * Adds the histograms of other threads (bit t of `touched`: thread t has one, `copies` + t × `copyBytes`) to `smaller`, and takes the sum
 * from `larger`, the histogram of the parent, which so becomes that of the larger child (0: there is none). Bytes from … to of each.
 */
export function combineHistograms(smaller: usize, copies: usize, copyBytes: usize, touched: u32, larger: usize, from: usize, to: usize): void {
  for (let thread = 1; touched >>> thread; thread++) {
    if (!((touched >>> thread) & 1)) continue;
    const copy = copies + <usize>thread * copyBytes;
    for (let at = from; at < to; at += 16) v128.store(smaller + at, i64x2.add(v128.load(smaller + at), v128.load(copy + at)));
  }
  if (larger)
    for (let at = from; at < to; at += 16) v128.store(larger + at, i64x2.sub(v128.load(larger + at), v128.load(smaller + at)));
}

/**
 * The best split of each slot from … to of one leaf, into its record (64 bytes a slot: f64 score, i64 sums of the left side, i32 last
 * bin of the left side, i32 1 when missing values go right, i32 kind (−1 no split, 0 number, 1 one level against the rest, 2 subset),
 * from byte 32 the set of bins). Layouts: `leafMath`.
 *
 * Numbers are scanned from the lowest bin, with missing values on the left and, where the leaf has some, on the right. Only a
 * score above the leaf's floor counts, and of equal ones the first.
 */
export function findSplits(leaf: usize, settings: usize, slots: usize, from: i32, to: i32, scratch: usize): void {
  const sums = load<i64>(leaf);
  const total = hessianOf(sums);
  const rows = load<f64>(leaf, 8);
  const hessianUnit = load<f64>(settings, 8);
  // Rows are known by their share of the hessians, as in LightGBM: exact where all hessians are equal.
  const least = max<f64>(max<f64>(load<f64>(settings, 32) / hessianUnit, ((load<f64>(settings, 40) - 0.5) * total) / rows), 1);
  const histogram = <usize>load<u32>(leaf, 32);
  const allowed = <usize>load<u32>(leaf, 36);
  const records = <usize>load<u32>(leaf, 40);
  const plain = load<f64>(settings, 96) == 0;
  for (let slot = from; slot < to; slot++) {
    const entry = slots + (<usize>slot << 4);
    const record = records + (<usize>slot << 6);
    store<i32>(record, -1, 24);
    if (allowed && !load<u8>(allowed + <usize>slot)) continue;
    const cells = histogram + <usize>load<u32>(entry);
    const bins = <i32>load<u16>(entry, 4);
    const kind = load<u8>(entry, 7);
    if (kind == 1) bestLevel(cells, bins, leaf, settings, least, record);
    else if (kind == 2) bestSubset(cells, bins, leaf, settings, least, record, scratch);
    else if (plain) bestThreshold(cells, bins, sums, load<f64>(leaf, 48), settings, least, record);
    else bestBoundedThreshold(cells, bins, leaf, settings, <i32>load<i8>(entry, 8), least, record);
  }
}

/** score = G²/(H + λ) of both sides. */
function bestThreshold(cells: usize, bins: i32, sums: i64, floor: f64, settings: usize, least: f64, record: usize): void {
  const totalGradient = gradientOf(sums);
  const totalHessian = hessianOf(sums);
  const gradientUnits = f64x2.splat(load<f64>(settings));
  const hessianUnits = f64x2.splat(load<f64>(settings, 8));
  const penalty = f64x2.splat(load<f64>(settings, 24));
  let best = floor;
  let bestBin = -1;
  let bestRight = 0;
  let bestLeft: i64 = 0;
  const missing = load<i64>(cells);
  const end = cells + (<usize>bins << 3);
  const most = totalHessian - least;
  for (let right = 0; right <= <i32>(missing != 0); right++) {
    let left: i64 = right ? 0 : missing;
    for (let cell = cells + 8; cell < end; cell += 8) {
      const here = load<i64>(cell);
      if (here == 0) continue;
      left += here;
      const hessian = hessianOf(left);
      if (hessian < least) continue;
      if (hessian > most) break;
      const gradient = gradientOf(left);
      const g = f64x2.mul(f64x2.replace_lane(f64x2.splat(gradient), 1, totalGradient - gradient), gradientUnits);
      const h = f64x2.add(f64x2.mul(f64x2.replace_lane(f64x2.splat(hessian), 1, totalHessian - hessian), hessianUnits), penalty);
      const scores = f64x2.div(f64x2.mul(g, g), h);
      const score = f64x2.extract_lane(scores, 0) + f64x2.extract_lane(scores, 1);
      if (score > best) {
        best = score;
        bestBin = <i32>((cell - cells) >> 3);
        bestRight = right;
        bestLeft = left;
      }
    }
  }
  if (bestBin >= 0) writeRecord(record, best, bestLeft, bestBin, bestRight, 0);
}

/** With L1, a largest step, or bounds from monotone constraints: what the outputs that these allow would gain. */
function bestBoundedThreshold(cells: usize, bins: i32, leaf: usize, settings: usize, monotone: i32, least: f64, record: usize): void {
  const sums = load<i64>(leaf);
  const lower = load<f64>(leaf, 16);
  const upper = load<f64>(leaf, 24);
  const penalty = load<f64>(settings, 24);
  let best = load<f64>(leaf, 48);
  let bestBin = -1;
  let bestRight = 0;
  let bestLeft: i64 = 0;
  const missing = load<i64>(cells);
  const most = hessianOf(sums) - least;
  for (let right = 0; right <= <i32>(missing != 0); right++) {
    let left: i64 = right ? 0 : missing;
    for (let bin = 1; bin < bins; bin++) {
      const here = load<i64>(cells + (<usize>bin << 3));
      if (here == 0) continue;
      left += here;
      if (hessianOf(left) < least) continue;
      if (hessianOf(left) > most) break;
      const leftOutput = outputOf(left, settings, penalty, lower, upper);
      const rightOutput = outputOf(sums - left, settings, penalty, lower, upper);
      if ((monotone > 0 && leftOutput > rightOutput) || (monotone < 0 && leftOutput < rightOutput)) continue;
      const score = scoreAt(left, settings, penalty, leftOutput) + scoreAt(sums - left, settings, penalty, rightOutput);
      if (score > best) {
        best = score;
        bestBin = bin;
        bestRight = right;
        bestLeft = left;
      }
    }
  }
  if (bestBin >= 0) writeRecord(record, best, bestLeft, bestBin, bestRight, 0);
}
