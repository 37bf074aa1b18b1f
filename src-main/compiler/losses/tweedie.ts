import { weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Tweedie deviance of amounts that are often exactly 0 (claims, sales), mean e^z, variance power p between 1 and 2,
 * without the terms that z does not change: loss = Σ share · mean (e^{(2−p)z}/(2−p) − y e^{(1−p)z}/(1−p)).
 *
 * Source: Jørgensen, Exponential dispersion models, J. R. Stat. Soc. B 49 (1987) 127–162.
 */
export function tweedie(power: number): LossRule {
  if (!(power > 1 && power < 2)) throw new Error(`Tweedie: the variance power must lie between 1 and 2, not ${power}.`);
  return {
    kind: 'tweedie',
    source: 'Jørgensen, Exponential dispersion models, J. R. Stat. Soc. B 49 (1987) 127–162',
    formula: 'loss = Σ share · mean (e^{(2−p)z}/(2−p) − y e^{(1−p)z}/(1−p))',
    emit(g, { prediction: z, rowShares, targets }) {
      const y = targets({ name: '', dtype: z.dtype as 'float32', shape: z.shape });
      const term = (exponent: number) => g.mul(g.exp(g.mul(z, g.scalar(exponent, z))), g.scalar(1 / exponent, z));
      return { value: weightedMean(g, g.sub(term(2 - power), g.mul(y, term(1 - power))), rowShares) };
    },
  };
}
