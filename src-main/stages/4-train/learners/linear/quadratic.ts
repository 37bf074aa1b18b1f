// The penalised quadratic ½wᵀGw − cᵀw + l1·‖w‖₁ + ½·l2·‖w‖² that every Newton step of a linear model solves.
import type { DesignMatrix } from './DesignMatrix.ts';

export interface Penalty {
  l1: number;
  l2: number;
}

/** A pivot that is this much smaller than its diagonal entry belongs to a column that the others add up to: its weight is 0. */
const collinear = 1e-11;

/** Without l1: Cholesky of G + l2·I (Golub & Van Loan, Matrix computations, alg. 4.2.1). Collinear columns get no weight. Overwrites `gram`. */
export function solveCholesky(gram: Float64Array, c: Float64Array, l2: number): Float64Array {
  const n = c.length;
  const dropped = new Uint8Array(n);
  for (let j = 0; j < n; j++) {
    const diagonal = gram[j * n + j]! + l2;
    let pivot = diagonal;
    for (let k = 0; k < j; k++) pivot -= gram[j * n + k]! ** 2;
    if (!(pivot > collinear * diagonal)) {
      dropped[j] = 1;
      gram.fill(0, j * n, j * n + j);
      gram[j * n + j] = 1;
      for (let i = j + 1; i < n; i++) gram[i * n + j] = 0;
      continue;
    }
    const root = Math.sqrt(pivot);
    gram[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let sum = gram[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= gram[i * n + k]! * gram[j * n + k]!;
      gram[i * n + j] = sum / root;
    }
  }
  const solution = c.map((each, j) => (dropped[j] ? 0 : each));
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) solution[i]! -= gram[i * n + k]! * solution[k]!;
    solution[i]! /= gram[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) solution[i]! -= gram[k * n + i]! * solution[k]!;
    solution[i] = dropped[i] ? 0 : solution[i]! / gram[i * n + i]!;
  }
  return solution;
}

const mostCycles = 10_000;
/** A step that changes the loss by less than this share of what the best column alone would gain has changed nothing. */
const finest = 1e-17;

/**
 * Coordinate descent with covariance updates, from `start`: Friedman, Hastie & Tibshirani, J. Stat. Softw. 33 (2010), §2.1–2.2.
 * Cycles over weights that are not 0 until they stand, then over all; ends when a cycle over all changes nothing worth saying.
 */
export function descendOnGram(
  gram: Float64Array,
  c: Float64Array,
  { l1, l2 }: Penalty,
  start: Float64Array,
  precision = finest,
): Float64Array {
  const n = c.length;
  const weights = Float64Array.from(start);
  // slope = c − G·w
  const slope = Float64Array.from(c);
  for (let k = 0; k < n; k++) if (weights[k] !== 0) for (let j = 0; j < n; j++) slope[j]! -= gram[k * n + j]! * weights[k]!;
  const step = (j: number): number => {
    const own = gram[j * n + j]!;
    if (!(own + l2 > 0)) return 0;
    const before = weights[j]!;
    const after = shrink(slope[j]! + own * before, l1) / (own + l2);
    if (after === before) return 0;
    weights[j] = after;
    const change = after - before;
    for (let k = 0; k < n; k++) slope[k]! -= gram[j * n + k]! * change;
    return own * change * change;
  };
  const limit = precision * largestGain(c, gram);
  descend(n, step, weights, () => limit);
  return weights;
}

/** What the best column alone would gain, in units of the loss. */
function largestGain(c: Float64Array, gram: Float64Array): number {
  const n = c.length;
  let gain = 1e-300;
  for (let j = 0; j < n; j++) if (gram[j * n + j]! > 0) gain = Math.max(gain, c[j]! ** 2 / gram[j * n + j]!);
  return gain;
}

/**
 * The same without the Gram matrix, for wide and sparse data ("naive updates", §2.2): `curvature` are the weights of the rows and
 * `working` their weighted residuals curvature·(z − η), which follow the weights in place. Columns are centred without being
 * changed: their means are taken out of the sums.
 */
export function descendOnColumns(
  design: DesignMatrix,
  curvature: Float64Array,
  working: Float64Array,
  { l1, l2 }: Penalty,
  weights: Float64Array,
  { precision = finest, isOver = () => false }: { precision?: number; isOver?: () => boolean } = {},
): void {
  const n = design.width;
  let total = 0;
  let residuals = 0;
  for (let row = 0; row < working.length; row++) {
    total += curvature[row]!;
    residuals += working[row]!;
  }
  const means = new Float64Array(n).fill(NaN);
  const owns = new Float64Array(n);
  let scale = 0;
  const slopeOf = (j: number): number => {
    if (Number.isNaN(means[j]!)) {
      means[j] = design.dot(j, curvature) / total;
      owns[j] = Math.max(0, design.dotSquares(j, curvature) - total * means[j]! ** 2);
      if (owns[j]! <= 1e-14 * total) owns[j] = 0;
    }
    return design.dot(j, working) - means[j]! * residuals;
  };
  const step = (j: number): number => {
    const slope = slopeOf(j);
    const own = owns[j]!;
    if (own === 0) return 0;
    const before = weights[j]!;
    scale = Math.max(scale, (slope * slope) / own);
    const after = shrink(slope + own * before, l1) / (own + l2);
    if (after === before) return 0;
    weights[j] = after;
    const change = after - before;
    design.addScaled(j, -change, curvature, working);
    residuals -= change * means[j]! * total;
    return own * change * change;
  };
  descend(n, step, weights, () => (isOver() ? Infinity : precision * scale));
}

function descend(n: number, step: (j: number) => number, weights: Float64Array, limit: () => number): void {
  for (let cycle = 0; cycle < mostCycles;) {
    let largest = 0;
    for (let j = 0; j < n; j++) largest = Math.max(largest, step(j));
    cycle++;
    if (largest <= limit()) return;
    const active: number[] = [];
    for (let j = 0; j < n; j++) if (weights[j] !== 0) active.push(j);
    for (; cycle < mostCycles; cycle++) {
      largest = 0;
      for (const j of active) largest = Math.max(largest, step(j));
      if (largest <= limit()) break;
    }
  }
}

/** Soft thresholding. */
function shrink(value: number, by: number): number {
  return value > by ? value - by : value < -by ? value + by : 0;
}
