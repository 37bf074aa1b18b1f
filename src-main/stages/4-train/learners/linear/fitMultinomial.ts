import { minimizeLbfgs } from '../../../../compiler/index.ts';
import type { Breather } from '../Breather.ts';
import type { DesignMatrix } from './DesignMatrix.ts';
import { exact, penalisedFitter, penaltyOf, type LinearFit, type Precision } from './fitPenalised.ts';
import type { Penalty } from './quadratic.ts';
import { logisticLoss } from './rowLosses.ts';
import type { EmitLoss, SmoothGraphs } from './SmoothGraphs.ts';

const mostCycles = 200;
/** Cycles that one Gram matrix of each class serves: it takes as long as many cycles, and changes little. */
const cyclesPerCurvature = 5;

/**
 * Softmax regression: minimises Σ weight·(−ln p of the row's class) + penalties of all weights, one `LinearFit` a class; the
 * intercepts sum to 0. Every class must occur.
 *
 * Without l1 by L-BFGS over all weights, of dense data on a gradient graph of the compiler. With l1 class by class: for one class with the others standing it is logistic regression with
 * an offset, one proximal Newton step each (cyclic blocks as in Friedman, Hastie & Tibshirani, J. Stat. Softw. 33, 2010, §4.1).
 */
export async function fitMultinomial(
  design: DesignMatrix,
  codes: Int32Array,
  classes: number,
  rowWeights: Float64Array,
  penalty: Penalty,
  start: LinearFit[] | null,
  breather: Breather,
  precision = exact,
  graphs?: SmoothGraphs,
): Promise<LinearFit[]> {
  const from = start ?? startOf(design.width, codes, classes, rowWeights);
  const fits =
    penalty.l1 > 0
      ? await byClass(design, codes, rowWeights, penalty, from, breather, precision)
      : await byLbfgs(design, codes, rowWeights, penalty.l2, from, breather, precision, graphs);
  const middle = fits.reduce((sum, { intercept }) => sum + intercept, 0) / classes;
  return fits.map(({ intercept, weights }) => ({ intercept: intercept - middle, weights }));
}

function startOf(width: number, codes: Int32Array, classes: number, rowWeights: Float64Array): LinearFit[] {
  const shares = new Float64Array(classes);
  codes.forEach((code, row) => (shares[code]! += rowWeights[row]!));
  return Array.from(shares, (share) => ({ intercept: Math.log(Math.max(share, 1e-9)), weights: new Float64Array(width) }));
}

async function byLbfgs(
  design: DesignMatrix,
  codes: Int32Array,
  rowWeights: Float64Array,
  l2: number,
  start: LinearFit[],
  breather: Breather,
  { tolerance }: Precision,
  graphs: SmoothGraphs | undefined,
): Promise<LinearFit[]> {
  const { rows, width } = design;
  const classes = start.length;
  const logits = start.map(() => new Float64Array(rows));
  const stride = width + 1;
  const point = new Float64Array(classes * stride);
  start.forEach(({ intercept, weights }, each) => {
    point.set(weights, each * stride);
    point[each * stride + width] = intercept;
  });
  const graph = await graphs?.objective(codes, design, classes, emitSoftmax(codes, classes, rowWeights));
  const found = await minimizeLbfgs(
    async (at) => {
      await breather.isOver();
      if (graph) return penalised(await graph.evaluate(at), at, stride, l2);
      let value = 0;
      logits.forEach((eta, each) => {
        const weights = at.subarray(each * stride, each * stride + width);
        design.multiply(weights, at[each * stride + width]!, eta);
        value += penaltyOf(weights, { l1: 0, l2 });
      });
      value += softmaxGradient(logits, codes, rowWeights);
      const gradient = new Float64Array(at.length);
      logits.forEach((slopes, each) => {
        const part = gradient.subarray(each * stride, each * stride + width);
        design.multiplyTransposed(slopes, part);
        for (let j = 0; j < width; j++) part[j]! += l2 * at[each * stride + j]!;
        gradient[each * stride + width] = slopes.reduce((sum, slope) => sum + slope, 0);
      });
      return { loss: value, gradient };
    },
    point,
    { iterations: 2000, gradientTolerance: 1e-8, lossTolerance: tolerance, memory: 20, shouldStop: () => breather.stopped !== 'no' },
  );
  return start.map((_, each) => ({
    intercept: found.weights[each * stride + width]!,
    weights: found.weights.slice(each * stride, each * stride + width),
  }));
}

/** −Σ weight · ln softmax(η)[class] */
function emitSoftmax(codes: Int32Array, classes: number, rowWeights: Float64Array): EmitLoss {
  return (g, eta, given) => {
    const truths = new Float64Array(codes.length * classes);
    codes.forEach((code, row) => (truths[row * classes + code] = rowWeights[row]!));
    return g.neg(g.reduceSum(g.mul(given(truths, classes), g.op('LogSoftmax', [eta], { axis: -1 })), [0, 1], false));
  };
}

/** Adds the ridge penalty of all weights; the last of every `stride` is an intercept. */
function penalised(smooth: { loss: number; gradient: Float64Array }, point: Float64Array, stride: number, l2: number): typeof smooth {
  let squares = 0;
  point.forEach((weight, at) => {
    if (at % stride === stride - 1) return;
    squares += weight * weight;
    smooth.gradient[at]! += l2 * weight;
  });
  return { loss: smooth.loss + 0.5 * l2 * squares, gradient: smooth.gradient };
}

/** Turns logits into slopes weight·(p − truth) in place; gives the weighted sum of cross entropies. */
function softmaxGradient(logits: Float64Array[], codes: Int32Array, rowWeights: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    let highest = -Infinity;
    for (const each of logits) highest = Math.max(highest, each[row]!);
    let total = 0;
    for (const each of logits) total += Math.exp(each[row]! - highest);
    sum += rowWeights[row]! * (Math.log(total) + highest - logits[code]![row]!);
    logits.forEach((each, at) => (each[row] = rowWeights[row]! * (Math.exp(each[row]! - highest) / total - (at === code ? 1 : 0))));
  }
  return sum;
}

async function byClass(
  design: DesignMatrix,
  codes: Int32Array,
  rowWeights: Float64Array,
  penalty: Penalty,
  start: LinearFit[],
  breather: Breather,
  { tolerance }: Precision,
): Promise<LinearFit[]> {
  const fits = [...start];
  const logits = fits.map(({ intercept, weights }) => {
    const eta = new Float64Array(design.rows);
    design.multiply(weights, intercept, eta);
    return eta;
  });
  const truths = fits.map((_, each) => Uint8Array.from(codes, (code) => Number(code === each)));
  const offsets = fits.map(() => new Float64Array(design.rows));
  const fitters = truths.map((truth, each) => penalisedFitter(design, logisticLoss(truth, rowWeights, offsets[each]!)));
  const objective = (): number =>
    softmaxGradient(
      logits.map((each) => each.slice()),
      codes,
      rowWeights,
    ) + fits.reduce((sum, { weights }) => sum + penaltyOf(weights, penalty), 0);
  let before = objective();
  const shifts = new Float64Array(design.width);
  for (let cycle = 0; cycle < mostCycles; cycle++) {
    for (let each = 0; each < fits.length; each++) {
      if (await breather.isOver()) return fits;
      minusOthers(logits, each, offsets[each]!);
      const keepsCurvature = cycle % cyclesPerCurvature !== 0;
      const fit = await fitters[each]!(penalty, fits[each]!, breather, { steps: 1, tolerance, keepsCurvature });
      fits[each] = fit;
      design.multiply(fit.weights, fit.intercept, logits[each]!);
    }
    for (let j = 0; j < design.width; j++)
      shifts[j] = cheapestShift(
        fits.map(({ weights }) => weights[j]!),
        penalty,
      );
    fits.forEach(({ intercept, weights }, each) => {
      fits[each] = { intercept, weights: weights.map((weight, j) => weight - shifts[j]!) };
      design.multiply(fits[each].weights, intercept, logits[each]!);
    });
    const after = objective();
    if (before - after <= 100 * tolerance * Math.abs(before)) break;
    before = after;
  }
  return fits;
}

/**
 * Subtracting one number from the weights of a column in all classes changes no probability: the number that makes the penalty least,
 * the one nearest to 0 where several do (so that weights of 0 stay). §4.1 of the same paper; finds it between two weights.
 */
export function cheapestShift(weights: readonly number[], { l1, l2 }: Penalty): number {
  const sorted = [...weights].sort((a, b) => a - b);
  const count = sorted.length;
  const sum = sorted.reduce((total, each) => total + each, 0);
  let low = -Infinity;
  for (let below = 0; below <= count; below++) {
    const high = below < count ? sorted[below]! : Infinity;
    if (l2 > 0) {
      const root = (sum - (l1 / l2) * (2 * below - count)) / count;
      if (root <= high) return Math.max(root, low);
    } else if (2 * below >= count) return 2 * below > count ? low : Math.min(Math.max(0, low), high);
    low = high;
  }
  return 0;
}

/** −ln Σ e^logit over the other classes. */
function minusOthers(logits: Float64Array[], except: number, offset: Float64Array): void {
  for (let row = 0; row < offset.length; row++) {
    let highest = -Infinity;
    logits.forEach((each, at) => at !== except && (highest = Math.max(highest, each[row]!)));
    let total = 0;
    logits.forEach((each, at) => at !== except && (total += Math.exp(each[row]! - highest)));
    offset[row] = -(highest + Math.log(total));
  }
}
