import { weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Negative log likelihood of counts y under a Poisson distribution of mean e^z, without the term that z does not change:
 * loss = Σ share · mean (e^z − y z). Prediction and targets of the same shape.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models (1989), §6.2.
 */
export const poisson: LossRule = {
  kind: 'poisson',
  source: 'McCullagh & Nelder, Generalized Linear Models (1989), §6.2',
  formula: 'loss = Σ share · mean (e^z − y z)',
  emit(g, { prediction: z, rowShares, targets }) {
    const y = targets({ name: '', dtype: z.dtype as 'float32', shape: z.shape });
    return { value: weightedMean(g, g.sub(g.exp(z), g.mul(y, z)), rowShares) };
  },
};
