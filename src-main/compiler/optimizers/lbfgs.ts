import { isModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { ShouldStop } from '../run/shouldStop.ts';
import { dot, searchWolfe, type Evaluation } from './wolfeSearch.ts';

export interface LbfgsSettings {
  /** Pairs of steps and gradient changes that stand for the Hessian; default 10. */
  readonly memory?: number;
  /** Default 100. */
  readonly iterations?: number;
  /** Ends when no gradient entry is larger; default 1e-6. */
  readonly gradientTolerance?: number;
  /** Ends when the loss falls by no more than this share of max(1, |loss|); default 1e-10. */
  readonly lossTolerance?: number;
  /** Asked before every iteration. */
  readonly shouldStop?: ShouldStop;
}

export interface LbfgsResult {
  readonly weights: Float64Array;
  readonly loss: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** 'line' when no step lowers the loss any more: usually the precision of the loss is reached. */
  readonly ended: 'gradient' | 'loss' | 'iterations' | 'line' | 'asked';
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly inverse: number;
}

/**
 * L-BFGS over all weights as one vector, for losses of the whole data set (not of minibatches, whose noise it cannot bear).
 * `evaluate` gives loss and gradient at a point, for instance `GradientTrainer.lossAndGradient`; it may keep the arrays. Where it throws
 * MK_JOB_CANCELLED in an iteration, the weights before that iteration are the result.
 *
 * Source: Nocedal & Wright, Numerical optimization (2006), algorithms 7.4 (two loops) and 7.5, line search 3.5 and 3.6 (strong
 * Wolfe conditions, c₁ = 1e-4, c₂ = 0.9), scaling eq. 7.20. Pairs with sᵀy ≤ 1e-10 yᵀy are left out, as in Byrd et al. (1995).
 */
export async function minimizeLbfgs(
  evaluate: (weights: Float64Array) => Promise<Evaluation>,
  start: Float64Array,
  settings: LbfgsSettings = {},
): Promise<LbfgsResult> {
  const { memory = 10, iterations = 100, gradientTolerance = 1e-6, lossTolerance = 1e-10, shouldStop = () => false } = settings;
  let weights: Float64Array = Float64Array.from(start);
  let evaluations = 1;
  let { loss, gradient } = await evaluate(weights);
  const pairs: Pair[] = [];
  const result = (iteration: number, ended: LbfgsResult['ended']): LbfgsResult => ({
    weights,
    loss,
    iterations: iteration,
    evaluations,
    ended,
  });

  for (let iteration = 0; iteration < iterations; iteration++) {
    if (await shouldStop()) return result(iteration, 'asked');
    if (largest(gradient) <= gradientTolerance) return result(iteration, 'gradient');
    let direction = towards(gradient, pairs);
    // Rounding may spoil the direction: then start over from the gradient.
    if (!(dot(direction, gradient) < 0)) {
      pairs.length = 0;
      direction = towards(gradient, pairs);
    }
    // Without a Hessian the length of the first step is a guess: one unit at most.
    const firstStep = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const from = weights;
    const search = searchWolfe(
      async (length) => {
        evaluations++;
        return evaluate(moved(from, direction, length));
      },
      { loss, slope: dot(direction, gradient) },
      direction,
      firstStep,
    );
    const found = await search.catch((error: unknown) => {
      if (isModelkeepError(error) && error.code === 'MK_JOB_CANCELLED') return 'asked' as const;
      throw error;
    });
    if (found === 'asked') return result(iteration, 'asked');
    if (!found) return result(iteration, 'line');
    weights = moved(from, direction, found.length);
    remember(
      pairs,
      memory,
      direction.map((each) => each * found.length),
      found.gradient.map((each, at) => each - gradient[at]!),
    );
    const fall = loss - found.loss;
    ({ loss, gradient } = found);
    if (fall <= lossTolerance * Math.max(1, Math.abs(loss))) return result(iteration + 1, 'loss');
  }
  return result(iterations, 'iterations');
}

/** −H g by the two-loop recursion. */
function towards(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const q = gradient.map((each) => -each);
  const alphas = pairs.map(() => 0);
  for (let at = pairs.length - 1; at >= 0; at--) {
    const { step, change, inverse } = pairs[at]!;
    const alpha = inverse * dot(step, q);
    alphas[at] = alpha;
    addScaled(q, change, -alpha);
  }
  const latest = pairs.at(-1);
  if (latest) {
    const scale = 1 / (latest.inverse * dot(latest.change, latest.change));
    for (let at = 0; at < q.length; at++) q[at]! *= scale;
  }
  pairs.forEach(({ step, change, inverse }, at) => addScaled(q, step, alphas[at]! - inverse * dot(change, q)));
  return q;
}

function remember(pairs: Pair[], memory: number, step: Float64Array, change: Float64Array): void {
  const curvature = dot(step, change);
  if (!(curvature > 1e-10 * dot(change, change))) return;
  if (pairs.length === memory) pairs.shift();
  pairs.push({ step, change, inverse: 1 / curvature });
}

function moved(from: Float64Array, direction: Float64Array, length: number): Float64Array {
  return from.map((each, at) => each + length * direction[at]!);
}

function addScaled(into: Float64Array, from: Float64Array, factor: number): void {
  for (let at = 0; at < into.length; at++) into[at]! += factor * from[at]!;
}

function largest(values: Float64Array): number {
  return values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
}
