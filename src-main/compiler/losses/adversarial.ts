import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { gradientsOf } from '../3-differentiate/backpropagate.ts';
import { weightedSum, type LossRule } from './defineLoss.ts';

/** Scores are outputs of the forward graph, [batch] or [batch, 1]. The two networks of a GAN are two trainings that share weights. */
export type AdversarialSettings =
  | { readonly kind: 'discriminator'; readonly real: string; readonly fake: string }
  | { readonly kind: 'generator'; readonly fake: string }
  | {
      readonly kind: 'wassersteinCritic';
      readonly real: string;
      readonly fake: string;
      /** Score of a point between real and fake, and that point [batch, …]; its gradient is held to length 1. */
      readonly between: { readonly score: string; readonly point: string };
      /** Default 10. */
      readonly penaltyWeight?: number;
    }
  | { readonly kind: 'wassersteinGenerator'; readonly fake: string };

/** −ln σ(z): softplus of −z. */
function logistic(g: TypedOps, z: TypedValue): TypedValue {
  const tail = g.op('Log', [g.add(g.exp(g.neg(g.op('Abs', [z]))), g.scalar(1, z))]);
  return g.add(tail, g.op('Relu', [g.neg(z)]));
}

/**
 * discriminator: −ln σ(real) − ln(1 − σ(fake)); generator, non-saturating: −ln σ(fake).
 * Source: Goodfellow et al., Generative adversarial nets (2014), https://arxiv.org/abs/1406.2661 eq. 1 and §3.
 *
 * wassersteinCritic: fake − real + λ (‖∇_point score(point)‖ − 1)², whose gradient needs second derivatives;
 * wassersteinGenerator: −fake.
 * Source: Gulrajani et al., Improved training of Wasserstein GANs (2017), https://arxiv.org/abs/1704.00028 eq. 3.
 */
export function adversarial(settings: AdversarialSettings): LossRule {
  const wasserstein = settings.kind.startsWith('wasserstein');
  return {
    kind: settings.kind,
    source: wasserstein
      ? 'Gulrajani et al. (2017), https://arxiv.org/abs/1704.00028 eq. 3'
      : 'Goodfellow et al. (2014), https://arxiv.org/abs/1406.2661 eq. 1, §3',
    formula: {
      discriminator: 'loss = Σ share · (−ln σ(real) − ln(1 − σ(fake)))',
      generator: 'loss = −Σ share · ln σ(fake)',
      wassersteinCritic: 'loss = Σ share · (fake − real + λ (‖∇ score(point)‖ − 1)²)',
      wassersteinGenerator: 'loss = −Σ share · fake',
    }[settings.kind],
    emit(g, { value, rowShares }) {
      const rows = (losses: TypedValue): { value: TypedValue } => ({ value: weightedSum(g, losses, rowShares) });
      const fake = value(settings.fake);
      if (settings.kind === 'generator') return rows(logistic(g, fake));
      if (settings.kind === 'wassersteinGenerator') return rows(g.neg(fake));
      const real = value(settings.real);
      if (settings.kind === 'discriminator') return rows(g.add(logistic(g, real), logistic(g, g.neg(fake))));
      const penalty = gradientPenalty(g, value(settings.between.score), value(settings.between.point));
      const flat = g.reshape(g.sub(fake, real), penalty.shape);
      return rows(g.add(flat, g.mul(penalty, g.scalar(settings.penaltyWeight ?? 10, penalty))));
    },
  };
}

/** (‖∇_point score‖ − 1)² by row, [batch]. Rows do not see each other, so the gradient of the sum holds each row's own. */
function gradientPenalty(g: TypedOps, score: TypedValue, point: TypedValue): TypedValue {
  const sum = g.reduceSum(score, [...score.shape.keys()], false);
  const gradient = gradientsOf(g, sum, [point])[0]!;
  const squares = g.reduceSum(g.mul(gradient, gradient), [...point.shape.keys()].slice(1), false);
  // Under the root: its slope at 0 is infinite.
  const excess = g.sub(g.sqrt(g.add(squares, g.scalar(1e-12, squares))), g.scalar(1, squares));
  return g.mul(excess, excess);
}
