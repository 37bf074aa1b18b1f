import { asColumn, elementsPerRow, weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Huber loss: squared near 0, linear beyond ±δ, so that outliers pull with bounded force. With c = clip(r, −δ, δ):
 * loss = Σ_i share_i · mean_o c·(r − c/2);  d prediction = share · c / outputs, r = prediction − target.
 *
 * Source: Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964) 73–101.
 */
export function huber(delta: number): LossRule {
  if (!(delta > 0)) throw new Error(`Huber: delta must be positive, not ${delta}.`);
  return {
    kind: 'huber',
    source: 'Huber, Robust estimation of a location parameter, Ann. Math. Statist. 35 (1964) 73–101',
    formula: 'loss = Σ share · mean c·(r − c/2), c = clip(r, −δ, δ); d prediction = share · c / outputs',
    emit(g, { prediction, rowShares, targets }) {
      const residual = g.sub(prediction, targets({ name: '', dtype: prediction.dtype as 'float32', shape: prediction.shape }));
      const clipped = g.op('Clip', [residual, g.scalar(-delta, residual), g.scalar(delta, residual)]);
      const losses = g.mul(clipped, g.sub(residual, g.mul(clipped, g.scalar(0.5, clipped))));
      const factor = g.mul(asColumn(g, rowShares, prediction.shape.length), g.scalar(1 / elementsPerRow(prediction), prediction));
      return { value: weightedMean(g, losses, rowShares), gradient: g.mul(clipped, factor) };
    },
  };
}
