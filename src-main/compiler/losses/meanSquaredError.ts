import { asColumn, elementsPerRow, weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Mean squared error over rows and outputs.
 * loss = Σ_i share_i · mean_o r²;  d prediction = share · 2 r / outputs, r = prediction − target.
 *
 * Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), eq. 2.3.
 */
export const meanSquaredError: LossRule = {
  kind: 'meanSquaredError',
  source: 'Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), eq. 2.3',
  formula: 'loss = Σ share · mean r², d prediction = share · 2 r / outputs',
  emit(g, { prediction, rowShares, targets }) {
    const residual = g.sub(prediction, targets({ name: '', dtype: prediction.dtype as 'float32', shape: prediction.shape }));
    const value = weightedMean(g, g.mul(residual, residual), rowShares);
    const factor = g.mul(asColumn(g, rowShares, prediction.shape.length), g.scalar(2 / elementsPerRow(prediction), prediction));
    return { value, gradient: g.mul(residual, factor) };
  },
};
