import type { OptimizerRule } from './defineOptimizer.ts';

export interface SgdSettings {
  readonly kind: 'sgd';
  /** Share of the last step that goes on; default 0. */
  readonly momentum?: number;
  /** Decoupled decay per unit of learning rate, for parameters of two or more axes; default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with heavy-ball momentum:  b ← μ b + g,  θ ← (1 − lr λ) θ − lr b.
 *
 * Source: Polyak, Some methods of speeding up the convergence of iteration methods, USSR Comp. Math. 4 (1964) 1–17, eq. 9;
 * in the form of Sutskever et al. (2013), http://proceedings.mlr.press/v28/sutskever13.html eq. 1, 2 with the rate outside b.
 */
export function sgd({ momentum = 0, weightDecay = 0 }: SgdSettings): OptimizerRule {
  return {
    kind: 'sgd',
    source: 'Polyak (1964), USSR Comp. Math. 4, eq. 9; http://proceedings.mlr.press/v28/sutskever13.html',
    formula: 'b ← μ b + g, θ ← (1 − lr λ) θ − lr b',
    slots: momentum === 0 ? [] : [{ name: 'momentum', zeroBelow: 1e-25 }],
    scalars: weightDecay === 0 ? ['learningRate'] : ['learningRate', 'keep'],
    scalarsAt: (_step, learningRate) => (weightDecay === 0 ? [learningRate] : [learningRate, 1 - learningRate * weightDecay]),
    emit(g, { parameter, gradient, slots: [buffer], scalars: [learningRate, keep], decays }) {
      const direction = buffer ? g.add(g.mul(buffer, g.scalar(momentum, parameter)), gradient) : gradient;
      const kept = keep && decays ? g.mul(parameter, keep) : parameter;
      return { parameter: g.sub(kept, g.mul(direction, learningRate!)), slots: buffer ? [direction] : [] };
    },
  };
}
