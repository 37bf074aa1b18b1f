import { slotsLike, type OptimizerRule } from './defineOptimizer.ts';

export interface LionSettings {
  readonly kind: 'lion';
  /** Share of the momentum in the direction; default 0.9. */
  readonly beta1?: number;
  /** Decay of the momentum; default 0.99. */
  readonly beta2?: number;
  /** Decoupled decay per unit of learning rate; default 0. Lion wants 3–10 times Adam's, with a rate 3–10 times smaller. */
  readonly weightDecay?: number;
}

/**
 * Lion (evolved sign momentum): half of Adam's state, every number moves by ±lr.
 *   θ ← (1 − lr λ) θ − lr · sign(β₁ m + (1 − β₁) g),  m ← β₂ m + (1 − β₂) g
 *
 * Source: Chen et al., Symbolic discovery of optimization algorithms (2023), https://arxiv.org/abs/2302.06675 program 1.
 */
export function lion({ beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }: LionSettings): OptimizerRule {
  return {
    kind: 'lion',
    source: 'https://arxiv.org/abs/2302.06675 program 1',
    formula: 'θ ← (1 − lr λ) θ − lr sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g',
    elementwise: true,
    // The sign of a momentum that small still counts: only what is subnormal anyway becomes 0.
    slots: (shape) => slotsLike(shape, { momentum: 1e-37 }),
    scalars: weightDecay === 0 ? ['learningRate'] : ['learningRate', 'keep'],
    scalarsAt: (_step, learningRate) => (weightDecay === 0 ? [learningRate] : [learningRate, 1 - learningRate * weightDecay]),
    emit(g, { parameter, gradient, slots: [momentum], scalars: [learningRate, keep], decays }) {
      const mix = (beta: number): ReturnType<typeof g.add> =>
        g.add(g.mul(momentum!, g.scalar(beta, parameter)), g.mul(gradient, g.scalar(1 - beta, parameter)));
      const kept = keep && decays ? g.mul(parameter, keep) : parameter;
      return { parameter: g.sub(kept, g.mul(g.op('Sign', [mix(beta1)]), learningRate!)), slots: [mix(beta2)] };
    },
    update(kernels, { parameters, gradients, slots: [momentum], decays }, [rate, keep], gradientScale) {
      kernels.lion(parameters, gradients, momentum!, { gradientScale, beta1, beta2, rate: rate!, keep: decays ? (keep ?? 1) : 1 });
    },
  };
}
