// Losses of a linear predictor η, row by row, with what Newton's method needs of them. All are convex in η.

import type { TypedValue } from '../../../../compiler/index.ts';
import type { EmitLoss } from './SmoothGraphs.ts';

/** Writes of each row the gradient ∂loss/∂η and a curvature > 0, both times the row's weight; returns the weighted sum of losses. */
export interface RowLoss {
  evaluate(eta: Float64Array, gradient: Float64Array, curvature: Float64Array | null): number;
  /** The intercept that is best alone, or near it. */
  start: number;
  /** The curvature does not depend on η: one Gram matrix is enough for a whole path. */
  sameCurvature?: boolean;
  /** The same loss in a graph. */
  emit?: EmitLoss;
}

/** Curvature never falls below this share of the weight: a row that is sure stays in the picture. */
const leastCurvature = 1e-10;

/** ½(y − η)². */
export function squaredLoss(y: Float64Array, weights: Float64Array): RowLoss {
  return {
    start: weightedMean(y, weights),
    sameCurvature: true,
    evaluate(eta, gradient, curvature) {
      let sum = 0;
      for (let row = 0; row < y.length; row++) {
        const residual = eta[row]! - y[row]!;
        gradient[row] = weights[row]! * residual;
        if (curvature) curvature[row] = weights[row]!;
        sum += 0.5 * weights[row]! * residual * residual;
      }
      return sum;
    },
  };
}

/** ln(1 + e^η) − y·η with η taken `offset` higher: cross entropy of y in {0, 1}. McCullagh & Nelder (1989), §4. */
export function logisticLoss(y: ArrayLike<number>, weights: Float64Array, offset?: Float64Array): RowLoss {
  const share = Math.min(Math.max(weightedMean(y, weights), 1e-6), 1 - 1e-6);
  return {
    start: Math.log(share / (1 - share)),
    // ln(1 + e^η) is −ln softmax of the pair (0, η): stable however far out.
    ...(!offset && {
      emit: (g, eta, given) => {
        const logarithms = g.op('LogSoftmax', [g.op('Concat', [g.filledLike(eta), eta], { axis: 1 })], { axis: -1 });
        const truths = new Float64Array(weights.length * 2);
        weights.forEach((weight, row) => truths.set([weight * (1 - y[row]!), weight * y[row]!], row * 2));
        return g.neg(g.reduceSum(g.mul(given(truths, 2), logarithms), [0, 1], false));
      },
    }),
    evaluate(eta, gradient, curvature) {
      let sum = 0;
      for (let row = 0; row < eta.length; row++) {
        const logit = offset ? eta[row]! + offset[row]! : eta[row]!;
        const small = Math.exp(-Math.abs(logit));
        const p = logit >= 0 ? 1 / (1 + small) : small / (1 + small);
        const weight = weights[row]!;
        gradient[row] = weight * (p - y[row]!);
        if (curvature) curvature[row] = weight * Math.max(small / (1 + small) ** 2, leastCurvature);
        sum += weight * (Math.max(logit, 0) - logit * y[row]! + Math.log1p(small));
      }
      return sum;
    },
  };
}

/**
 * Half the deviance of Tweedie's distributions with a log link, but for what does not depend on η: power 1 Poisson e^η − y·η,
 * 2 gamma η + y·e^−η, between them e^((2−p)η)/(2−p) − y·e^((1−p)η)/(1−p). Convex in η. Jørgensen (1997), ch. 4.
 */
export function devianceLoss(y: Float64Array, weights: Float64Array, power: number): RowLoss {
  const total = weights.reduce((sum, each) => sum + each, 0);
  const mean = weightedMean(y, weights);
  const [up, down] = [2 - power, 1 - power];
  return {
    // Only zeros: half of one event in all rows.
    start: Math.log(mean > 0 ? mean : 0.5 / Math.max(1, total * y.length)),
    emit: (g, eta, given) => {
      const times = (factor: number): TypedValue => (factor === 1 ? eta : g.mul(eta, g.scalar(factor, eta)));
      const rising = up === 0 ? eta : g.op('Exp', [times(up)]);
      const falling = down === 0 ? eta : g.op('Exp', [times(down)]);
      const costs = g.mul(
        given(
          weights.map((each) => each / (up || 1)),
          1,
        ),
        rising,
      );
      const gains = g.mul(
        given(
          weights.map((each, row) => (each * y[row]!) / (down || 1)),
          1,
        ),
        falling,
      );
      return g.reduceSum(g.sub(costs, gains), [0, 1], false);
    },
    evaluate(eta, gradient, curvature) {
      let sum = 0;
      for (let row = 0; row < y.length; row++) {
        const [weight, value, e] = [weights[row]!, y[row]!, eta[row]!];
        const rising = Math.exp(up * e);
        const falling = value === 0 ? 0 : value * Math.exp(down * e);
        gradient[row] = weight * (rising - falling);
        if (curvature) curvature[row] = weight * Math.max(up * rising - down * falling, leastCurvature * (rising + falling));
        const gain = down === 0 ? value * e : falling / down;
        const cost = up === 0 ? e : rising / up;
        sum += weight * (cost - gain);
      }
      return sum;
    },
  };
}

/**
 * ½r² up to |r| = delta, delta·(|r| − delta/2) beyond: Huber, Ann. Math. Statist. 35 (1964). The curvature is that of the parabola
 * that touches from above (iteratively reweighted least squares): never 0, every step falls.
 */
export function huberLoss(y: Float64Array, weights: Float64Array, delta: number): RowLoss {
  return {
    start: weightedMean(y, weights),
    evaluate(eta, gradient, curvature) {
      let sum = 0;
      for (let row = 0; row < y.length; row++) {
        const residual = eta[row]! - y[row]!;
        const size = Math.abs(residual);
        const slope = size <= delta ? 1 : delta / size;
        gradient[row] = weights[row]! * slope * residual;
        if (curvature) curvature[row] = weights[row]! * slope;
        sum += weights[row]! * (size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta));
      }
      return sum;
    },
  };
}

/** Pinball loss convolved with a uniform kernel of half width `h`: Fernandes, Guerre & Horta, J. Bus. Econ. Stat. 39 (2021). */
export function smoothPinballLoss(y: Float64Array, weights: Float64Array, level: number, h: number): RowLoss {
  return {
    start: weightedMean(y, weights),
    evaluate(eta, gradient, curvature) {
      let sum = 0;
      for (let row = 0; row < y.length; row++) {
        const residual = y[row]! - eta[row]!;
        const inside = Math.abs(residual) < h;
        const slope = inside ? residual / (2 * h) + level - 0.5 : residual > 0 ? level : level - 1;
        gradient[row] = -weights[row]! * slope;
        if (curvature) curvature[row] = weights[row]! / (2 * Math.max(Math.abs(residual), h));
        sum += weights[row]! * (inside ? residual ** 2 / (4 * h) + (level - 0.5) * residual + h / 4 : residual * slope);
      }
      return sum;
    },
  };
}

export function weightedMean(y: ArrayLike<number>, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (let row = 0; row < weights.length; row++) {
    sum += weights[row]! * y[row]!;
    total += weights[row]!;
  }
  return sum / total;
}
