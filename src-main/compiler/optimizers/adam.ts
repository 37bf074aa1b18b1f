import { slotsLike, type OptimizerRule } from './defineOptimizer.ts';

export interface AdamSettings {
  readonly kind: 'adam';
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled (AdamW) decay per unit of learning rate; default 0. */
  readonly weightDecay?: number;
}

/**
 * Adam with bias correction and decoupled weight decay:
 *   m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − lr λ θ − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * The graph keeps M = m/(1 − β₁) and V = v/(1 − β₂), which saves two multiplications per weight; the factors and the bias
 * correction go into two numbers per step:
 *   θ ← keep · θ − stepSize · M / (√V + epsilon),
 *   stepSize = lr (1 − β₁)/(1 − β₁ᵗ) · s,  epsilon = ε s,  s = √((1 − β₂ᵗ)/(1 − β₂)).
 *
 * Sources: Kingma & Ba, Adam (2015), https://arxiv.org/abs/1412.6980 alg. 1;
 * Loshchilov & Hutter, Decoupled weight decay regularization (2019), https://arxiv.org/abs/1711.05101 alg. 2.
 */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamSettings): OptimizerRule {
  return {
    kind: 'adam',
    source: 'https://arxiv.org/abs/1412.6980 algorithm 1; https://arxiv.org/abs/1711.05101 algorithm 2',
    formula: 'θ ← (1 − lr λ) θ − lr · m̂ / (√v̂ + ε)',
    elementwise: true,
    // The update by a first moment below 1e-25 is at most stepSize · 1e-25 / epsilon, far below a weight's last bit; the root
    // of the second is added to epsilon.
    slots: (shape) => slotsLike(shape, { firstMoment: 1e-25, secondMoment: 1e-35 }),
    scalars: weightDecay === 0 ? ['stepSize', 'epsilon'] : ['stepSize', 'epsilon', 'keep'],
    scalarsAt(step, learningRate) {
      const scale = Math.sqrt((1 - beta2 ** step) / (1 - beta2));
      const stepSize = ((learningRate * (1 - beta1)) / (1 - beta1 ** step)) * scale;
      return weightDecay === 0 ? [stepSize, epsilon * scale] : [stepSize, epsilon * scale, 1 - learningRate * weightDecay];
    },
    emit(g, { parameter, gradient, slots: [first, second], scalars: [stepSize, epsilonNow, keep], decays }) {
      const nextFirst = g.add(g.mul(first!, g.scalar(beta1, parameter)), gradient);
      const nextSecond = g.add(g.mul(second!, g.scalar(beta2, parameter)), g.mul(gradient, gradient));
      const step = g.div(g.mul(nextFirst, stepSize!), g.add(g.sqrt(nextSecond), epsilonNow!));
      const kept = keep && decays ? g.mul(parameter, keep) : parameter;
      return { parameter: g.sub(kept, step), slots: [nextFirst, nextSecond] };
    },
    update(kernels, { parameters, gradients, slots: [first, second], decays }, [stepSize, epsilonNow, keep], gradientScale) {
      const numbers = { gradientScale, beta1, beta2, stepSize: stepSize!, epsilon: epsilonNow!, keep: decays ? (keep ?? 1) : 1 };
      kernels.adam(parameters, gradients, first!, second!, numbers);
    },
    updateRows(kernels, { parameters, gradients, slots: [first, second], decays }, live, [stepSize, epsilonNow, keep], gradientScale) {
      // A row at rest moves by 0 / (√0 + ε); the decay comes first, rounded as it is within the pass.
      if (decays && keep !== undefined && keep !== 1) kernels.scale(parameters, keep);
      const numbers = { gradientScale, beta1, beta2, stepSize: stepSize!, epsilon: epsilonNow!, keep: 1 };
      kernels.adamRows(live, parameters, gradients, first!, second!, numbers);
    },
  };
}
