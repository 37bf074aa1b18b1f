import type { Runtime } from '../../../../compiler/index.ts';
import type { Breather } from '../Breather.ts';
import type { FitData, LearnerTask } from '../learner.ts';
import { powerOf } from '../objectiveLoss.ts';
import { DesignMatrix } from './DesignMatrix.ts';
import { fitMultinomial } from './fitMultinomial.ts';
import { exact, penalisedFitter, type LinearFit, type Precision } from './fitPenalised.ts';
import { fitQuantile } from './fitQuantile.ts';
import type { Link } from './linearModel.ts';
import type { Penalty } from './quadratic.ts';
import { devianceLoss, huberLoss, logisticLoss, squaredLoss, weightedMean, type RowLoss } from './rowLosses.ts';
import { SmoothGraphs } from './SmoothGraphs.ts';

/** One training set, to be fitted at many penalties. */
export interface LinearProblem {
  rows: number;
  width: number;
  totalWeight: number;
  link: Link;
  /** One `LinearFit` an output that is fitted, on the standardised target; goes on from `start`. */
  fit(penalty: Penalty, start: LinearFit[] | null, breather: Breather, precision?: Precision): Promise<LinearFit[]>;
  /** Of all columns and outputs, at the model that answers the same everywhere: from this l1 on every weight is 0. */
  largestSlope(): number;
  /** One `LinearFit` an output of the task, in the units of the target. */
  inUnits(fits: LinearFit[]): LinearFit[];
  release(): Promise<void>;
}

export function linearProblem({ task, train }: FitData, runtime: Runtime): LinearProblem {
  const { features, target, weights } = train;
  const design = new DesignMatrix(features);
  const all = weights ? Float64Array.from(weights) : new Float64Array(features.rows).fill(1);
  const totalWeight = all.reduce((sum, each) => sum + each, 0);
  // Adding up to 1: penalties mean the same for any number of rows.
  const shares = all.map((each) => each / totalWeight);
  const graphs = new SmoothGraphs(runtime);
  const common = { release: () => graphs.release(), rows: features.rows, width: features.width, totalWeight };
  const identity = { link: 'identity' as Link, inUnits: (fits: LinearFit[]): LinearFit[] => fits };

  if (target.kind === 'class' && target.classes > 2)
    return { ...common, ...identity, ...classProblem(design, target, shares, totalWeight, graphs) };
  if (target.kind === 'class') {
    const one = separate(design, [flagLoss(target.codes, shares, totalWeight)], graphs);
    const inUnits = (fits: LinearFit[]): LinearFit[] => [{ intercept: 0, weights: new Float64Array(features.width) }, fits[0]!];
    return { ...common, ...one, link: 'identity', inUnits };
  }
  if (target.kind === 'labels') {
    const { flags, labels } = target;
    const losses = Array.from({ length: labels }, (_, label) => {
      const own = Int32Array.from({ length: features.rows }, (__, row) => flags[row * labels + label]!);
      return flagLoss(own, shares, totalWeight);
    });
    return { ...common, ...identity, ...separate(design, losses, graphs) };
  }
  return { ...common, ...numberProblem(design, target.values, shares, task, graphs) };
}

/** A label that all rows or none have: no weights, and half a row's doubt. */
type FlagLoss = { loss: RowLoss } | { constant: number };

function flagLoss(flags: ArrayLike<number>, shares: Float64Array, totalWeight: number): FlagLoss {
  const share = weightedMean(flags, shares);
  if (share > 0 && share < 1) return { loss: logisticLoss(flags, shares) };
  const doubt = Math.log(Math.max(2 * totalWeight - 1, 1));
  return { constant: share > 0 ? doubt : -doubt };
}

/** Outputs that have nothing to do with each other. */
function separate(design: DesignMatrix, losses: FlagLoss[], graphs: SmoothGraphs): Pick<LinearProblem, 'fit' | 'largestSlope'> {
  const fitters = losses.map((each) => ('loss' in each ? penalisedFitter(design, each.loss, graphs) : null));
  const constant = (each: FlagLoss): LinearFit => ({
    intercept: 'constant' in each ? each.constant : 0,
    weights: new Float64Array(design.width),
  });
  return {
    async fit(penalty, start, breather, precision = exact) {
      const fits: LinearFit[] = [];
      for (const [at, each] of losses.entries())
        fits.push((await fitters[at]?.(penalty, start?.[at] ?? null, breather, precision)) ?? constant(each));
      return fits;
    },
    largestSlope: () => Math.max(0, ...losses.map((each) => ('loss' in each ? slopeOf(design, each.loss) : 0))),
  };
}

function slopeOf(design: DesignMatrix, loss: RowLoss): number {
  const gradient = new Float64Array(design.rows);
  loss.evaluate(new Float64Array(design.rows).fill(loss.start), gradient, null);
  return largestOf(design, gradient);
}

function largestOf(design: DesignMatrix, gradient: Float64Array): number {
  const slopes = new Float64Array(design.width);
  design.multiplyTransposed(gradient, slopes);
  return slopes.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
}

/** Softmax over the classes that occur; one that does not keeps half a row's probability on average. */
function classProblem(
  design: DesignMatrix,
  { codes, classes }: { codes: Int32Array; classes: number },
  shares: Float64Array,
  totalWeight: number,
  graphs: SmoothGraphs,
): Pick<LinearProblem, 'fit' | 'largestSlope' | 'inUnits'> {
  const found = new Float64Array(classes);
  codes.forEach((code, row) => (found[code]! += shares[row]!));
  const present = Array.from(found.keys()).filter((code) => found[code]! > 0);
  const placeOf = Int32Array.from({ length: classes }, (_, code) => present.indexOf(code));
  // Rows without weight may be of a class that nothing else is of: any place will do.
  const places = codes.map((code) => Math.max(0, placeOf[code]!));
  return {
    async fit(penalty, start, breather, precision = exact) {
      if (present.length === 1) return [{ intercept: 0, weights: new Float64Array(design.width) }];
      return fitMultinomial(design, places, present.length, shares, penalty, start, breather, precision, graphs);
    },
    largestSlope: () =>
      Math.max(
        ...present.map((code) =>
          largestOf(
            design,
            shares.map((share, row) => share * (found[code]! - Number(codes[row] === code))),
          ),
        ),
      ),
    inUnits(fits) {
      const missing = missingLogit(design, fits, shares) + Math.log(0.5 / totalWeight);
      return Array.from({ length: classes }, (_, code) =>
        placeOf[code]! < 0 ? { intercept: missing, weights: new Float64Array(design.width) } : fits[placeOf[code]!]!,
      );
    },
  };
}

/** −ln of the mean of 1 / Σ e^logit over the rows: a logit so much lower than this has that probability on average. */
function missingLogit(design: DesignMatrix, fits: LinearFit[], shares: Float64Array): number {
  const etas = fits.map(({ intercept, weights }) => {
    const eta = new Float64Array(design.rows);
    design.multiply(weights, intercept, eta);
    return eta;
  });
  // Relative to the largest of all logits: nothing overflows.
  const highest = etas.reduce((most, eta) => eta.reduce((own, each) => Math.max(own, each), most), -Infinity);
  let mean = 0;
  for (let row = 0; row < design.rows; row++) mean += shares[row]! / etas.reduce((sum, eta) => sum + Math.exp(eta[row]! - highest), 1e-300);
  return highest - Math.log(mean);
}

function numberProblem(
  design: DesignMatrix,
  values: Float64Array,
  shares: Float64Array,
  task: LearnerTask,
  graphs: SmoothGraphs,
): Pick<LinearProblem, 'fit' | 'largestSlope' | 'inUnits' | 'link'> {
  const objective = task.kind === 'number' ? task.objective : ({ kind: 'squared' } as const);
  if (objective.kind === 'poisson' || objective.kind === 'gamma' || objective.kind === 'tweedie') {
    const loss = devianceLoss(values, shares, powerOf(objective));
    return { ...separate(design, [{ loss }], graphs), link: 'exp', inUnits: (fits) => fits };
  }
  const mean = weightedMean(values, shares);
  const sd = Math.sqrt(values.reduce((sum, value, row) => sum + shares[row]! * (value - mean) ** 2, 0)) || 1;
  const standard = values.map((value) => (value - mean) / sd);
  const inUnits = (fits: LinearFit[]): LinearFit[] =>
    fits.map(({ intercept, weights }) => ({ intercept: intercept * sd + mean, weights: weights.map((each) => each * sd) }));
  if (objective.kind === 'quantile' || objective.kind === 'absolute') {
    const levels = objective.kind === 'quantile' ? objective.levels : [0.5];
    return {
      // The interior point method does not start from where another penalty ended.
      async fit({ l2 }, _start, breather, precision = exact) {
        const fits: LinearFit[] = [];
        for (const level of levels) fits.push(await fitQuantile(design, standard, shares, level, l2, breather, precision));
        return fits;
      },
      largestSlope: () => 1,
      link: levels.length > 1 ? 'sorted' : 'identity',
      inUnits,
    };
  }
  const loss = objective.kind === 'huber' ? huberLoss(standard, shares, objective.delta / sd) : squaredLoss(standard, shares);
  return { ...separate(design, [{ loss }], graphs), link: 'identity', inUnits };
}
