import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { weightedSum, type LossRule } from './defineLoss.ts';

export interface ElboSettings {
  readonly kind: 'elbo';
  /** Output of the decoder, [batch, …]: logits for 'bernoulli', means for 'gaussian'. */
  readonly reconstruction: string;
  /** Mean and logarithm of the variance of the code, [batch, width]. */
  readonly mean: string;
  readonly logVariance: string;
  /** Of the data given the code; 'gaussian' has variance 1. Default 'bernoulli'. */
  readonly likelihood?: 'bernoulli' | 'gaussian';
  /** Weight of the divergence. Default 1. */
  readonly beta?: number;
}

/**
 * Negative evidence lower bound of a variational autoencoder, summed over the elements of a row:
 * loss = Σ share · (reconstruction + β KL(N(μ, σ²) ‖ N(0, 1))),  KL = −½ Σ (1 + ln σ² − μ² − σ²).
 * Targets: the data to reconstruct, of the reconstruction's shape.
 *
 * Sources: Kingma & Welling (2014), https://arxiv.org/abs/1312.6114 eq. 10 and appendix B; β: Higgins et al. (2017).
 */
export function elbo({ reconstruction, mean, logVariance, likelihood = 'bernoulli', beta = 1 }: ElboSettings): LossRule {
  return {
    kind: 'elbo',
    source: 'Kingma & Welling (2014), https://arxiv.org/abs/1312.6114 eq. 10, appendix B',
    formula: 'loss = Σ share · (reconstruction − β/2 Σ (1 + ln σ² − μ² − σ²))',
    emit(g, { value, rowShares, targets }) {
      const [output, mu, log] = [value(reconstruction), value(mean), value(logVariance)];
      const wanted = targets({ name: '', dtype: output.dtype as 'float32', shape: output.shape });
      const axes = [...output.shape.keys()].slice(1);
      let losses;
      if (likelihood === 'gaussian') {
        const residual = g.sub(output, wanted);
        losses = g.mul(g.mul(residual, residual), g.scalar(0.5, residual));
      } else {
        // Cross entropy of a logit z with y: ln(1 + e^z) − y z, whose slope is σ(z) − y.
        losses = g.sub(softplus(g, output), g.mul(output, wanted));
      }
      const inner = g.sub(g.sub(g.add(log, g.scalar(1, log)), g.mul(mu, mu)), g.exp(log));
      const divergence = g.mul(g.reduceSum(inner, [1], false), g.scalar(-0.5 * beta, log));
      return { value: weightedSum(g, g.add(g.reduceSum(losses, axes, false), divergence), rowShares) };
    },
  };
}

/** ln(1 + e^z) as max(z, 0) − ln σ(|z|), which neither overflows nor cancels; differentiated as one operator. */
function softplus(g: TypedOps, z: TypedValue): TypedValue {
  return g.recordedAs('Softplus', [z], {}, () => {
    return [g.sub(g.op('Relu', [z]), g.op('Log', [g.op('Sigmoid', [g.op('Abs', [z])])]))];
  })[0]!;
}
