import { asColumn, weightedSum, type LossRule } from './defineLoss.ts';

/**
 * Softmax cross entropy: the negative log likelihood of the true class under p = softmax(prediction).
 * loss = −Σ_i share_i · ln p_i[class_i];  d prediction_i = share_i · (p_i − onehot(class_i)).
 * Two classes are two outputs; a single logit z is the pair (0, z).
 *
 * Source: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108 and 4.109.
 */
export const softmaxCrossEntropy: LossRule = {
  kind: 'softmaxCrossEntropy',
  source: 'Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108, 4.109',
  formula: 'loss = −Σ share · ln p[class], d prediction = share · (p − onehot(class))',
  targetType: 'classes',
  emit(g, { prediction, targets, rowShares }) {
    const index = asColumn(g, targets);
    // LogSoftmax, not Log(Softmax): a probability that underflows to 0 would give an infinite loss.
    const logProbabilities = g.op('LogSoftmax', [prediction], { axis: -1 });
    const ofTrueClass = g.op('GatherElements', [logProbabilities, index], { axis: 1 });
    const value = weightedSum(g, g.neg(ofTrueClass), rowShares);
    // Each row names one class, so no two additions meet in one place and the sum has one order.
    const minusOne = g.op('Expand', [g.scalar(-1, prediction), g.graph.int64(index.shape.map(Number))]);
    const difference = g.op('ScatterElements', [g.exp(logProbabilities), index, minusOne], { axis: 1, reduction: 'add' });
    return { value, gradient: g.mul(difference, asColumn(g, rowShares)) };
  },
};
