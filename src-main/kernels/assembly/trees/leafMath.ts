/**
 * Layouts. Settings, f64 each: gradient and hessian units (what 1 in a cell stands for), L1, L2; least hessian and least rows of a
 * side; least gain; smoothing of categories, L2 added for subsets, most categories of a subset, least rows of a step between subsets;
 * largest step (0: none); 1 when outputs are not free (L1, largest step, monotone constraints).
 *
 * Leaf, 64 bytes: i64 sums; f64 rows; f64 lower and upper bound of outputs; u32 histogram, slots that may be split (a byte each; 0: all), records;
 * from byte 48 f64 floor: the score that a split must exceed.
 *
 * Slot, 16 bytes: u32 offset in the histogram; u16 bins, the one of missing values included; u8 1 when it has missing values; u8 0 for numbers, 1 for
 * categories of which one is split off, 2 for subsets; i8 1 rising, −1 falling.
 */

// @ts-ignore: AssemblyScript's decorator
@inline
export function gradientOf(sums: i64): f64 {
  return <f64>(<i32>(sums >> 32));
}

// @ts-ignore: AssemblyScript's decorator
@inline
export function hessianOf(sums: i64): f64 {
  return <f64>(<u32>sums);
}

// @ts-ignore: AssemblyScript's decorator
@inline
function shrunk(sums: i64, settings: usize): f64 {
  const gradient = gradientOf(sums) * load<f64>(settings);
  const lasso = load<f64>(settings, 16);
  if (lasso == 0) return gradient;
  return gradient > lasso ? gradient - lasso : gradient < -lasso ? gradient + lasso : 0;
}

/** What a leaf would add: −G/(H + λ), G shrunk by L1, no further than the largest step, within the bounds. */
export function outputOf(sums: i64, settings: usize, penalty: f64, lower: f64, upper: f64): f64 {
  let output = -shrunk(sums, settings) / (hessianOf(sums) * load<f64>(settings, 8) + penalty);
  const step = load<f64>(settings, 88);
  if (step > 0) output = min<f64>(max<f64>(output, -step), step);
  return min<f64>(max<f64>(output, lower), upper);
}

/** Twice the fall of the loss at this output: −(2 G w + (H + λ) w²). */
export function scoreAt(sums: i64, settings: usize, penalty: f64, output: f64): f64 {
  return -(2 * shrunk(sums, settings) * output + (hessianOf(sums) * load<f64>(settings, 8) + penalty) * output * output);
}

/** The same at the best output; with bounds at the best one they allow. */
// @ts-ignore: AssemblyScript's decorator
@inline
export function sideScore(sums: i64, settings: usize, penalty: f64, leaf: usize): f64 {
  if (load<f64>(settings, 96) == 0) {
    const gradient = gradientOf(sums) * load<f64>(settings);
    return (gradient * gradient) / (hessianOf(sums) * load<f64>(settings, 8) + penalty);
  }
  return scoreAt(sums, settings, penalty, outputOf(sums, settings, penalty, load<f64>(leaf, 16), load<f64>(leaf, 24)));
}

export function writeRecord(record: usize, score: f64, left: i64, bin: i32, missingRight: i32, kind: i32): void {
  store<f64>(record, score);
  store<i64>(record, left, 8);
  store<i32>(record, bin, 16);
  store<i32>(record, missingRight, 20);
  store<i32>(record, kind, 24);
}
