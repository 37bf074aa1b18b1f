import { asColumn, elementsPerRow, weightedMean, type LossRule } from './defineLoss.ts';

export interface BinaryCrossEntropySettings {
  readonly kind: 'binaryCrossEntropy';
  /** Factor on the loss where the target is 1. Default 1. */
  readonly positiveWeight?: number;
}

/**
 * Cross entropy of independent yes/no outputs, from logits z and targets y in [0, 1] of the same shape; multi-label.
 * loss = Σ share · mean −w y ln σ(z) − (1 − y) ln(1 − σ(z)),  d z = share / outputs · ((1 + (w − 1) y) σ(z) − w y).
 * Written as (1 − y) z + (1 + (w − 1) y) (max(−z, 0) − ln σ(|z|)), which neither overflows nor cancels.
 *
 * Source: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.
 */
export function binaryCrossEntropy({ positiveWeight = 1 }: BinaryCrossEntropySettings): LossRule {
  if (!(positiveWeight > 0)) throw new Error(`The weight of positives must be positive, not ${positiveWeight}.`);
  return {
    kind: 'binaryCrossEntropy',
    source: 'Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90',
    formula: 'loss = Σ share · mean (−w y ln σ(z) − (1 − y) ln(1 − σ(z)))',
    emit(g, { prediction: z, rowShares, targets }) {
      const y = targets({ name: '', dtype: z.dtype as 'float32', shape: z.shape });
      const one = g.scalar(1, z);
      const weight = positiveWeight === 1 ? undefined : g.add(g.mul(y, g.scalar(positiveWeight - 1, z)), one);
      const softplus = g.sub(g.op('Relu', [g.neg(z)]), g.op('Log', [g.op('Sigmoid', [g.op('Abs', [z])])]));
      const losses = g.add(g.mul(g.sub(one, y), z), weight ? g.mul(weight, softplus) : softplus);
      const probability = g.op('Sigmoid', [z]);
      const pulled = weight ? g.mul(weight, probability) : probability;
      const wanted = positiveWeight === 1 ? y : g.mul(y, g.scalar(positiveWeight, z));
      const share = g.mul(asColumn(g, rowShares, z.shape.length), g.scalar(1 / elementsPerRow(z), z));
      return { value: weightedMean(g, losses, rowShares), gradient: g.mul(g.sub(pulled, wanted), share) };
    },
  };
}
