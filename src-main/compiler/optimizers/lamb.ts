import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { slotsLike, type OptimizerRule } from './defineOptimizer.ts';

export interface LambSettings {
  readonly kind: 'lamb';
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-6, as in the paper. */
  readonly epsilon?: number;
  /** Part of the direction (not of the rate); default 0. */
  readonly weightDecay?: number;
}

/**
 * LAMB, for large minibatches: Adam's direction per tensor, as long as the tensor itself.
 *   r = m̂ / (√v̂ + ε) + λ θ,  θ ← θ − lr · (‖θ‖ / ‖r‖) r;  a norm of 0 counts as a ratio of 1.
 * Moments are kept as in `adam`, without the factors 1 − β.
 *
 * Source: You et al., Large batch optimization for deep learning (2020), https://arxiv.org/abs/1904.00962 algorithm 2, φ(x) = x.
 */
export function lamb({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, weightDecay = 0 }: LambSettings): OptimizerRule {
  return {
    kind: 'lamb',
    source: 'https://arxiv.org/abs/1904.00962 algorithm 2',
    formula: 'r = m̂ / (√v̂ + ε) + λ θ, θ ← θ − lr ‖θ‖/‖r‖ r',
    elementwise: false,
    slots: (shape) => slotsLike(shape, { firstMoment: 1e-25, secondMoment: 1e-35 }),
    scalars: ['size', 'epsilon', 'learningRate'],
    scalarsAt(step, learningRate) {
      const scale = Math.sqrt((1 - beta2 ** step) / (1 - beta2));
      return [((1 - beta1) / (1 - beta1 ** step)) * scale, epsilon * scale, learningRate];
    },
    emit(g, { parameter, gradient, slots: [first, second], scalars: [size, epsilonNow, learningRate], decays }) {
      const nextFirst = g.add(g.mul(first!, g.scalar(beta1, parameter)), gradient);
      const nextSecond = g.add(g.mul(second!, g.scalar(beta2, parameter)), g.mul(gradient, gradient));
      const adapted = g.div(g.mul(nextFirst, size!), g.add(g.sqrt(nextSecond), epsilonNow!));
      const direction = decays && weightDecay !== 0 ? g.add(adapted, g.mul(parameter, g.scalar(weightDecay, parameter))) : adapted;
      const [own, other] = [norm(g, parameter), norm(g, direction)];
      const zero = g.scalar(0, parameter);
      const both = g.op('And', [g.op('Greater', [own, zero]), g.op('Greater', [other, zero])]);
      const one = g.scalar(1, parameter);
      const ratio = g.op('Where', [both, g.div(own, g.op('Where', [both, other, one])), one]);
      return { parameter: g.sub(parameter, g.mul(direction, g.mul(ratio, learningRate!))), slots: [nextFirst, nextSecond] };
    },
    update(kernels, { parameters, gradients, slots: [first, second], decays }, [size, epsilonNow, learningRate], gradientScale) {
      const decay = decays ? weightDecay : 0;
      const numbers = { gradientScale, beta1, beta2, stepSize: size!, epsilon: epsilonNow!, decay };
      kernels.lambDirection(parameters, gradients, first!, second!, numbers);
      const [own, other] = [Math.sqrt(kernels.sumOfSquares(parameters)), Math.sqrt(kernels.sumOfSquares(gradients))];
      kernels.addScaled(parameters, gradients, -learningRate! * (own > 0 && other > 0 ? own / other : 1));
    },
  };
}

/** √Σx² as a scalar. */
function norm(g: TypedOps, value: TypedValue): TypedValue {
  const axes = value.shape.map((_, axis) => axis);
  return g.sqrt(g.reduceSum(g.mul(value, value), axes, false));
}
