import { minimizeLbfgs } from '../../../../compiler/index.ts';
import type { Breather } from '../Breather.ts';
import type { DesignMatrix } from './DesignMatrix.ts';
import { descendOnColumns, descendOnGram, solveCholesky, type Penalty } from './quadratic.ts';
import type { RowLoss } from './rowLosses.ts';
import type { SmoothGraphs } from './SmoothGraphs.ts';

/** η = intercept + x·weights. The intercept is not penalised. */
export interface LinearFit {
  intercept: number;
  weights: Float64Array;
}

/** Up to here a Newton step is solved by the matrix of products of columns; its cost grows with the square of the width. */
export const widestGram = 400;
/** And up to so many products: a step is not to take longer than a second or so. */
const mostProducts = 2e9;

export interface Precision {
  /** Newton steps at most. */
  steps: number;
  /** The promised fall of the objective, as a share of it, below which a fit is done. */
  tolerance: number;
  /** Take the Gram matrix of an earlier call, though the curvatures are others by now: steps are cheaper, and fall no less surely. */
  keepsCurvature?: boolean;
}

export const exact: Precision = { steps: 200, tolerance: 1e-13 };
/** For choosing among penalties: far finer than what validation rows can tell apart. */
export const rough: Precision = { steps: 50, tolerance: 1e-7 };

/** Fits at one penalty after the other; `start` is where another penalty ended, null a model that answers the same everywhere. */
export type PenalisedFitter = (penalty: Penalty, start: LinearFit | null, breather: Breather, precision?: Precision) => Promise<LinearFit>;

/**
 * Minimises Σ loss(η) + l1·‖w‖₁ + ½·l2·‖w‖²; the losses carry the weights of the rows.
 *
 * Narrow data: Newton steps on the Gram matrix, by Cholesky or (l1 > 0) coordinate descent. Wide data: L-BFGS (of dense data on a gradient graph of the compiler, see `SmoothGraphs`), or (l1 > 0) Newton
 * steps by coordinate descent over the columns. Steps are shortened until they fall enough (proximal Newton with Armijo's rule:
 * Tseng & Yun, Math. Program. 117, 2009; Friedman, Hastie & Tibshirani, J. Stat. Softw. 33, 2010 for the inner problem).
 * When the breather says so it gives what it has.
 */
export function penalisedFitter(design: DesignMatrix, loss: RowLoss, graphs?: SmoothGraphs): PenalisedFitter {
  const hasGram = paysAsGram(design);
  const solver = hasGram ? gramSolver(design, loss.sameCurvature === true) : columnSolver(design);
  return async (penalty, start, breather, precision = exact) => {
    const from = start ?? { intercept: loss.start, weights: new Float64Array(design.width) };
    return penalty.l1 > 0 || hasGram
      ? newton(design, loss, solver, penalty, from, breather, precision)
      : byLbfgs(design, loss, penalty.l2, from, breather, precision, graphs);
  };
}

export function paysAsGram({ rows, width }: DesignMatrix): boolean {
  return width <= widestGram && rows * width * width <= mostProducts;
}

async function newton(
  design: DesignMatrix,
  loss: RowLoss,
  solver: Solver,
  penalty: Penalty,
  start: LinearFit,
  breather: Breather,
  { steps, tolerance, keepsCurvature = false }: Precision,
): Promise<LinearFit> {
  const { rows } = design;
  const inner = { precision: tolerance * 1e-4, isOver: (): boolean => breather.isOverNow(), keepsCurvature };
  let [{ intercept }, weights] = [start, Float64Array.from(start.weights)];
  let eta = new Float64Array(rows);
  const direction = new Float64Array(rows);
  const [gradient, curvature] = [new Float64Array(rows), new Float64Array(rows)];
  design.multiply(weights, intercept, eta);
  let objective = loss.evaluate(eta, gradient, curvature) + penaltyOf(weights, penalty);
  for (let step = 0; step < steps && !(await breather.isOver()); step++) {
    const target = solver(gradient, curvature, weights, penalty, inner);
    if (!target) break;
    const slopes = gradient.reduce((sum, each) => sum + each, 0);
    const move = target.weights.map((each, j) => each - weights[j]!);
    const lift = -slopes / target.total - target.means.reduce((sum, mean, j) => sum + mean * move[j]!, 0);
    design.multiply(move, lift, direction);
    let promised = penaltyOf(target.weights, penalty) - penaltyOf(weights, penalty);
    for (let row = 0; row < rows; row++) promised += gradient[row]! * direction[row]!;
    if (!(promised < -tolerance * Math.max(Math.abs(objective), 1e-300))) break;
    const found = shorten(loss, penalty, { eta, weights, objective }, { direction, move }, promised, [gradient, curvature]);
    if (!found) break;
    intercept += found.length * lift;
    ({ eta, weights, objective } = found);
  }
  return { intercept, weights };
}

/** Halves the step until the objective falls by a share of what it promised. Null when rounding leaves nothing to gain. */
function shorten(
  loss: RowLoss,
  penalty: Penalty,
  from: { eta: Float64Array; weights: Float64Array; objective: number },
  { direction, move }: { direction: Float64Array; move: Float64Array },
  promised: number,
  [gradient, curvature]: [Float64Array, Float64Array],
): { eta: Float64Array<ArrayBuffer>; weights: Float64Array<ArrayBuffer>; objective: number; length: number } | null {
  const eta = new Float64Array(direction.length);
  for (let length = 1; length > 1e-12; length /= 2) {
    for (let row = 0; row < eta.length; row++) eta[row] = from.eta[row]! + length * direction[row]!;
    const weights = Float64Array.from(move, (each, j) => from.weights[j]! + length * each);
    const objective = loss.evaluate(eta, gradient, curvature) + penaltyOf(weights, penalty);
    if (objective <= from.objective + 1e-4 * length * promised) return { eta, weights, objective, length };
  }
  return null;
}

/** Sum of the curvatures of the rows, and the means of the columns that they weigh. */
interface Curvature {
  total: number;
  means: Float64Array;
}

type Solver = (
  gradient: Float64Array,
  curvature: Float64Array,
  weights: Float64Array,
  penalty: Penalty,
  inner: { precision: number; isOver: () => boolean; keepsCurvature: boolean },
) => (Curvature & { weights: Float64Array }) | null;

/** The weights that are best for the parabola around the present ones, and the curvature-weighted means of the columns. Null when time is up. */
function gramSolver(design: DesignMatrix, sameCurvature: boolean): Solver {
  const { width } = design;
  const gram = new Float64Array(width * width);
  const scratch = new Float64Array(width * width);
  /** What belongs to the matrix. */
  let kept: Curvature | null = null;
  return (gradient, curvature, weights, penalty, inner) => {
    if (!kept || !(sameCurvature || inner.keepsCurvature)) {
      kept = null;
      const found = curvatureOf(design, curvature);
      if (!centredGram(design, curvature, found, gram, inner.isOver)) return null;
      kept = found;
    }
    const c = slopesOf(design, gradient, kept).map((slope, j) => {
      let sum = -slope;
      for (let k = 0; k < width; k++) sum += gram[j * width + k]! * weights[k]!;
      return sum;
    });
    if (penalty.l1 > 0) return { ...kept, weights: descendOnGram(gram, c, penalty, weights, inner.precision) };
    scratch.set(gram);
    return { ...kept, weights: solveCholesky(scratch, c, penalty.l2) };
  };
}

function centredGram(
  design: DesignMatrix,
  curvature: Float64Array,
  { means, total }: Curvature,
  gram: Float64Array,
  isOver: () => boolean,
): boolean {
  const { width } = design;
  if (!design.gram(curvature, gram, isOver)) return false;
  for (let j = 0; j < width; j++)
    for (let k = 0; k < width; k++) {
      const own = gram[j * width + k]!;
      const less = own - total * means[j]! * means[k]!;
      // A constant column leaves rounding only.
      gram[j * width + k] = j === k && less < 1e-13 * own ? 0 : less;
    }
  return true;
}

function columnSolver(design: DesignMatrix): Solver {
  return (gradient, curvature, weights, penalty, inner) => {
    const found = curvatureOf(design, curvature);
    const next = Float64Array.from(weights);
    descendOnColumns(
      design,
      curvature,
      gradient.map((each) => -each),
      penalty,
      next,
      inner,
    );
    return { ...found, weights: next };
  };
}

function curvatureOf(design: DesignMatrix, curvature: Float64Array): Curvature {
  const total = curvature.reduce((sum, each) => sum + each, 0);
  const means = new Float64Array(design.width);
  design.multiplyTransposed(curvature, means);
  return { total, means: means.map((each) => each / total) };
}

/** Of the centred columns. */
function slopesOf(design: DesignMatrix, gradient: Float64Array, { means }: Curvature): Float64Array {
  const slopes = new Float64Array(design.width);
  design.multiplyTransposed(gradient, slopes);
  const sum = gradient.reduce((all, each) => all + each, 0);
  return slopes.map((slope, j) => slope - means[j]! * sum);
}

async function byLbfgs(
  design: DesignMatrix,
  loss: RowLoss,
  l2: number,
  start: LinearFit,
  breather: Breather,
  { tolerance }: Precision,
  graphs: SmoothGraphs | undefined,
): Promise<LinearFit> {
  const { rows, width } = design;
  const [eta, gradient] = [new Float64Array(rows), new Float64Array(rows)];
  const graph = loss.emit && (await graphs?.objective(loss, design, 1, loss.emit));
  const found = await minimizeLbfgs(
    async (point) => {
      await breather.isOver();
      const weights = point.subarray(0, width);
      if (graph) return penalised(await graph.evaluate(point), weights, l2);
      design.multiply(weights, point[width]!, eta);
      const value = loss.evaluate(eta, gradient, null) + penaltyOf(weights, { l1: 0, l2 });
      const slopes = new Float64Array(width + 1);
      design.multiplyTransposed(gradient, slopes.subarray(0, width));
      for (let j = 0; j < width; j++) slopes[j]! += l2 * weights[j]!;
      slopes[width] = gradient.reduce((sum, each) => sum + each, 0);
      return { loss: value, gradient: slopes };
    },
    Float64Array.of(...start.weights, start.intercept),
    { iterations: 1000, gradientTolerance: 1e-8, lossTolerance: tolerance * 10, memory: 20, shouldStop: () => breather.stopped !== 'no' },
  );
  return { intercept: found.weights[width]!, weights: found.weights.slice(0, width) };
}

/** Adds the ridge penalty of the weights at the start of a point. */
function penalised(smooth: { loss: number; gradient: Float64Array }, weights: Float64Array, l2: number): typeof smooth {
  weights.forEach((weight, j) => (smooth.gradient[j]! += l2 * weight));
  return { loss: smooth.loss + penaltyOf(weights, { l1: 0, l2 }), gradient: smooth.gradient };
}

export function penaltyOf(weights: Float64Array, { l1, l2 }: Penalty): number {
  let [sizes, squares] = [0, 0];
  for (const each of weights) {
    sizes += Math.abs(each);
    squares += each * each;
  }
  return l1 * sizes + 0.5 * l2 * squares;
}
