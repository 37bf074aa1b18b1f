import { slotsLike, type OptimizerRule } from './defineOptimizer.ts';

export interface SgdSettings {
  readonly kind: 'sgd';
  /** Share of the last step that goes on; default 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum; default false. */
  readonly nesterov?: boolean;
  /** Decoupled decay per unit of learning rate; default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with heavy-ball momentum:  b ← μ b + g,  θ ← (1 − lr λ) θ − lr b;
 * Nesterov's form steps by g + μ b instead of b. Differs from PyTorch in that the decay λ is decoupled from the gradient (the
 * momentum does not see it), and there is no dampening.
 *
 * Sources: Polyak, Some methods of speeding up the convergence of iteration methods, USSR Comp. Math. 4 (1964) 1–17, eq. 9;
 * Sutskever et al. (2013), http://proceedings.mlr.press/v28/sutskever13.html eq. 1–4 with the rate outside b.
 */
export function sgd({ momentum = 0, nesterov = false, weightDecay = 0 }: SgdSettings): OptimizerRule {
  const withMomentum = momentum !== 0;
  return {
    kind: 'sgd',
    source: 'Polyak (1964), USSR Comp. Math. 4, eq. 9; http://proceedings.mlr.press/v28/sutskever13.html',
    formula: nesterov ? 'b ← μ b + g, θ ← (1 − lr λ) θ − lr (g + μ b)' : 'b ← μ b + g, θ ← (1 − lr λ) θ − lr b',
    elementwise: true,
    slots: (shape) => (withMomentum ? slotsLike(shape, { momentum: 1e-25 }) : []),
    scalars: weightDecay === 0 ? ['learningRate'] : ['learningRate', 'keep'],
    scalarsAt: (_step, learningRate) => (weightDecay === 0 ? [learningRate] : [learningRate, 1 - learningRate * weightDecay]),
    emit(g, { parameter, gradient, slots: [old], scalars: [learningRate, keep], decays }) {
      const buffer = old && g.add(g.mul(old, g.scalar(momentum, parameter)), gradient);
      const ahead = buffer && nesterov ? g.add(gradient, g.mul(buffer, g.scalar(momentum, parameter))) : buffer;
      const kept = keep && decays ? g.mul(parameter, keep) : parameter;
      return { parameter: g.sub(kept, g.mul(ahead ?? gradient, learningRate!)), slots: buffer ? [buffer] : [] };
    },
    update(kernels, { parameters, gradients, slots: [buffers], decays }, [rate, keepAll], gradientScale) {
      const keep = decays ? (keepAll ?? 1) : 1;
      if (buffers) kernels.momentum(parameters, gradients, buffers, { gradientScale, mu: momentum, rate: rate!, keep, nesterov });
      else kernels.sgd(parameters, gradients, { gradientScale, rate: rate!, keep });
    },
  };
}
