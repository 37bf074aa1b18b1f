import { weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Mean absolute error over rows and outputs: loss = Σ share · mean |r|, r = prediction − target; the gradient at r = 0 is 0.
 * Its minimum is the median.
 *
 * Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), §10.6, eq. 10.23.
 */
export const meanAbsoluteError: LossRule = {
  kind: 'meanAbsoluteError',
  source: 'Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), eq. 10.23',
  formula: 'loss = Σ share · mean |r|',
  emit(g, { prediction, rowShares, targets }) {
    const residual = g.sub(prediction, targets({ name: '', dtype: prediction.dtype as 'float32', shape: prediction.shape }));
    return { value: weightedMean(g, g.op('Abs', [residual]), rowShares) };
  },
};
