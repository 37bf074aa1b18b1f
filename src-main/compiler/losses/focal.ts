import { weightedSum, type LossRule } from './defineLoss.ts';

export interface FocalSettings {
  readonly kind: 'focal';
  /** How strongly well-classified rows are played down. Default 2. */
  readonly gamma?: number;
  /** Factor by true class. */
  readonly classWeights?: readonly number[];
}

/**
 * Focal loss: cross entropy times (1 − p)^γ of the true class's probability p, for rare classes among many easy rows.
 * Prediction [batch, classes] logits, targets [batch] int32: loss = −Σ share · w_y (1 − p_y)^γ ln p_y.
 *
 * Source: Lin et al., Focal loss for dense object detection (2017), https://arxiv.org/abs/1708.02002 eq. 5.
 */
export function focal({ gamma = 2, classWeights }: FocalSettings): LossRule {
  if (!(gamma >= 0)) throw new Error(`Focal loss: gamma must be at least 0, not ${gamma}.`);
  return {
    kind: 'focal',
    source: 'Lin et al. (2017), https://arxiv.org/abs/1708.02002 eq. 5',
    formula: 'loss = −Σ share · w_y (1 − p_y)^γ ln p_y',
    emit(g, { prediction: z, rowShares, targets }) {
      const classCount = Number(z.shape.at(-1));
      const y = targets({ name: '', dtype: 'int32', shape: z.shape.slice(0, -1), classCount });
      const column = g.reshape(y, [...y.shape, 1]);
      const logProbability = g.op('GatherElements', [g.op('LogSoftmax', [z], { axis: -1 }), column], { axis: z.shape.length - 1 });
      // Not below 1e-7: (1 − p)^γ with γ < 1 has an infinite slope at p = 1.
      const miss = g.op('Max', [g.sub(g.scalar(1, z), g.exp(logProbability)), g.scalar(1e-7, z)]);
      const weighted = g.mul(g.exp(g.mul(g.op('Log', [miss]), g.scalar(gamma, z))), g.neg(logProbability));
      const losses = classWeights ? g.mul(weighted, g.gather(g.tensor([classCount], classWeights, z), column)) : weighted;
      return { value: weightedSum(g, losses, rowShares) };
    },
  };
}
