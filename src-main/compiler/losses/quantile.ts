import { weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Quantile (pinball) loss: prediction [batch, quantiles], one target per row. With r = target − prediction,
 * loss = Σ share · mean_q max(q r, (q − 1) r); its minimum is the q-th quantile.
 *
 * Source: Koenker & Bassett, Regression quantiles, Econometrica 46 (1978) 33–50, eq. 1.2.
 */
export function quantile(quantiles: readonly number[]): LossRule {
  if (quantiles.length === 0 || quantiles.some((q) => !(q > 0 && q < 1)))
    throw new Error(`Quantiles must lie between 0 and 1, not ${quantiles.join(', ')}.`);
  return {
    kind: 'quantile',
    source: 'Koenker & Bassett, Regression quantiles, Econometrica 46 (1978) 33–50, eq. 1.2',
    formula: 'loss = Σ share · mean max(q r, (q − 1) r), r = target − prediction',
    emit(g, { prediction, rowShares, targets }) {
      if (prediction.shape.length !== 2 || prediction.shape[1] !== quantiles.length)
        throw new Error(`${quantiles.length} quantiles need a prediction [N, ${quantiles.length}], not [${prediction.shape.join()}].`);
      const target = targets({ name: '', dtype: prediction.dtype as 'float32', shape: [prediction.shape[0]!, 1] });
      const residual = g.sub(target, prediction);
      // max(q r, (q − 1) r) = q r + max(−r, 0).
      const losses = g.add(g.mul(residual, g.tensor([1, quantiles.length], quantiles, prediction)), g.op('Relu', [g.neg(residual)]));
      return { value: weightedMean(g, losses, rowShares) };
    },
  };
}
