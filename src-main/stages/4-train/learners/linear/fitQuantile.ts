import type { Breather } from '../Breather.ts';
import { weightedQuantile } from '../weightedQuantile.ts';
import type { DesignMatrix } from './DesignMatrix.ts';
import { exact, paysAsGram, penalisedFitter, type LinearFit } from './fitPenalised.ts';
import { solveCholesky } from './quadratic.ts';
import { smoothPinballLoss } from './rowLosses.ts';

const mostSteps = 100;
/** Share of the way to the boundary that a step goes. */
const caution = 0.9995;
/** Wide data: half width of the smoothing in mean absolute deviations. Quantiles are off by about this at most. */
const smoothing = 1e-3;

/**
 * Minimises Σ weight·ρ(y − η) + ½·l2·‖w‖², ρ the pinball loss at `level` in (0, 1): quantile regression of Koenker & Bassett (1978).
 *
 * Narrow data: the primal-dual interior point method of Portnoy & Koenker, Statist. Sci. 12 (1997), §4, with the ridge term in the
 * dual equations and Mehrotra's choice of the barrier (SIAM J. Optim. 2, 1992); exact to 1e-9 of the loss. Wide data: the smoothed
 * loss by L-BFGS.
 */
export async function fitQuantile(
  design: DesignMatrix,
  y: Float64Array,
  rowWeights: Float64Array,
  level: number,
  l2: number,
  breather: Breather,
  precision = exact,
): Promise<LinearFit> {
  const middle = weightedQuantile(y, level, rowWeights);
  const start = { intercept: middle, weights: new Float64Array(design.width) };
  if (paysAsGram(design)) return interiorPoint(design, y, rowWeights, level, l2, start, breather, precision.tolerance * 1e4);
  const [total, spread] = y.reduce(
    ([sum, size], value, row) => [sum + rowWeights[row]!, size + rowWeights[row]! * Math.abs(value - middle)] as const,
    [0, 0] as readonly [number, number],
  );
  const h = Math.max((smoothing * spread) / total, 1e-300);
  return penalisedFitter(design, smoothPinballLoss(y, rowWeights, level, h))({ l1: 0, l2 }, start, breather, precision);
}

/**
 * Variables: weights and intercept, u and v ≥ 0 with y − η = u − v, and the dual z with slack a = level·s − z and
 * b = (1 − level)·s + z ≥ 0, s the weights of the rows. At the optimum u·a = 0, v·b = 0, Xᵀz = l2·w, Σz = 0.
 */
async function interiorPoint(
  design: DesignMatrix,
  y: Float64Array,
  rowWeights: Float64Array,
  level: number,
  l2: number,
  start: LinearFit,
  breather: Breather,
  /** Gap between primal and dual, as a share of the loss, at which the fit is done. */
  tolerance: number,
): Promise<LinearFit> {
  const { rows, width } = design;
  // Rows without weight would have no room between their bounds.
  const s = rowWeights.map((each) => Math.max(each, 1e-12));
  const weights = Float64Array.from(start.weights);
  let { intercept } = start;
  const array = (): Float64Array => new Float64Array(rows);
  const [eta, u, v, z, du, dv, dz, inverse, right] = [array(), array(), array(), array(), array(), array(), array(), array(), array()];
  const gram = new Float64Array(width * width);
  const scratch = new Float64Array(width * width);
  design.multiply(weights, intercept, eta);
  let spread = 0;
  for (let row = 0; row < rows; row++) spread += Math.abs(y[row]! - eta[row]!) / rows;
  const floor = Math.max(spread, 1e-300);
  for (let row = 0; row < rows; row++) {
    const residual = y[row]! - eta[row]!;
    u[row] = Math.max(residual, 0) + floor;
    v[row] = Math.max(-residual, 0) + floor;
  }
  const means = new Float64Array(width);
  const dualSums = new Float64Array(width);
  const rightSums = new Float64Array(width);

  for (let step = 0; step < mostSteps && !(await breather.isOver()); step++) {
    let [gap, loss] = [0, 0];
    for (let row = 0; row < rows; row++) {
      gap += u[row]! * (level * s[row]! - z[row]!) + v[row]! * ((1 - level) * s[row]! + z[row]!);
      const residual = y[row]! - eta[row]!;
      loss += s[row]! * residual * (residual > 0 ? level : level - 1);
    }
    if (gap <= tolerance * Math.max(loss, 1e-300) || gap <= 1e-14 * floor) break;
    const average = gap / (2 * rows);

    // The matrix is that of both steps below.
    let total = 0;
    for (let row = 0; row < rows; row++) {
      const [a, b] = [level * s[row]! - z[row]!, (1 - level) * s[row]! + z[row]!];
      inverse[row] = 1 / (u[row]! / a + v[row]! / b);
      total += inverse[row]!;
    }
    design.multiplyTransposed(inverse, means);
    for (let j = 0; j < width; j++) means[j]! /= total;
    if (!design.gram(inverse, gram, () => breather.isOverNow())) break;
    for (let j = 0; j < width; j++) for (let k = 0; k < width; k++) gram[j * width + k]! -= total * means[j]! * means[k]!;
    design.multiplyTransposed(z, dualSums);
    const sumOfZ = z.reduce((sum, each) => sum + each, 0);

    let [move, lift] = [new Float64Array(0), 0];
    const solve = (barrier: (row: number, side: 'u' | 'v') => number): { primal: number; dual: number } => {
      let rightTotal = 0;
      for (let row = 0; row < rows; row++) {
        const [a, b] = [level * s[row]! - z[row]!, (1 - level) * s[row]! + z[row]!];
        const gapOfRow = y[row]! - eta[row]! - u[row]! + v[row]!;
        du[row] = barrier(row, 'u') / a - u[row]!;
        dv[row] = barrier(row, 'v') / b - v[row]!;
        right[row] = (gapOfRow - du[row]! + dv[row]!) * inverse[row]!;
        rightTotal += right[row]!;
      }
      design.multiplyTransposed(right, rightSums);
      const c = means.map((mean, j) => rightSums[j]! + dualSums[j]! - mean * (rightTotal + sumOfZ) - l2 * weights[j]!);
      scratch.set(gram);
      move = solveCholesky(scratch, c, l2) as Float64Array<ArrayBuffer>;
      lift = (rightTotal + sumOfZ) / total - means.reduce((sum, mean, j) => sum + mean * move[j]!, 0);
      design.multiply(move, lift, dz);
      let [primal, dual] = [1, 1];
      for (let row = 0; row < rows; row++) {
        const [a, b] = [level * s[row]! - z[row]!, (1 - level) * s[row]! + z[row]!];
        dz[row] = right[row]! - dz[row]! * inverse[row]!;
        du[row]! += (u[row]! * dz[row]!) / a;
        dv[row]! -= (v[row]! * dz[row]!) / b;
        if (du[row]! < 0) primal = Math.min(primal, (-caution * u[row]!) / du[row]!);
        if (dv[row]! < 0) primal = Math.min(primal, (-caution * v[row]!) / dv[row]!);
        if (dz[row]! > 0) dual = Math.min(dual, (caution * a) / dz[row]!);
        if (dz[row]! < 0) dual = Math.min(dual, (-caution * b) / dz[row]!);
      }
      return { primal, dual };
    };

    const predicted = solve(() => 0);
    let after = 0;
    for (let row = 0; row < rows; row++) {
      const nextZ = z[row]! + predicted.dual * dz[row]!;
      after += (u[row]! + predicted.primal * du[row]!) * (level * s[row]! - nextZ);
      after += (v[row]! + predicted.primal * dv[row]!) * ((1 - level) * s[row]! + nextZ);
    }
    const barrier = average * Math.max(after / gap, 0) ** 3;
    const [firstU, firstV, firstZ] = [du.slice(), dv.slice(), dz.slice()];
    const { primal, dual } = solve((row, side) => barrier + (side === 'u' ? firstU[row]! * firstZ[row]! : -firstV[row]! * firstZ[row]!));

    for (let j = 0; j < width; j++) weights[j]! += primal * move[j]!;
    intercept += primal * lift;
    for (let row = 0; row < rows; row++) {
      u[row]! += primal * du[row]!;
      v[row]! += primal * dv[row]!;
      z[row]! += dual * dz[row]!;
    }
    design.multiply(weights, intercept, eta);
  }
  return { intercept, weights };
}
