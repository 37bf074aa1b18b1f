import { asColumn, weightedSum, type LossRule } from './defineLoss.ts';

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
  targetType: 'values',
  emit(g, { prediction, targets, rowShares }) {
    const residual = g.sub(prediction, targets);
    const value = weightedSum(g, g.op('ReduceMean', [g.mul(residual, residual), g.graph.int64([1])], { keepdims: 0 }), rowShares);
    const factor = g.mul(asColumn(g, rowShares), g.scalar(2 / Number(prediction.shape[1]), prediction));
    return { value, gradient: g.mul(residual, factor) };
  },
};
