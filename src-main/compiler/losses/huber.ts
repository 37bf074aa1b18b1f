import { asColumn, weightedSum, type LossRule } from './defineLoss.ts';

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
    targetType: 'values',
    emit(g, { prediction, targets, rowShares }) {
      const residual = g.sub(prediction, targets);
      const clipped = g.op('Clip', [residual, g.scalar(-delta, residual), g.scalar(delta, residual)]);
      const losses = g.mul(clipped, g.sub(residual, g.mul(clipped, g.scalar(0.5, clipped))));
      const value = weightedSum(g, g.op('ReduceMean', [losses, g.graph.int64([1])], { keepdims: 0 }), rowShares);
      const factor = g.mul(asColumn(g, rowShares), g.scalar(1 / Number(prediction.shape[1]), prediction));
      return { value, gradient: g.mul(clipped, factor) };
    },
  };
}
