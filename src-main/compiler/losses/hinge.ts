import { weightedMean, type LossRule } from './defineLoss.ts';

/**
 * Multi-class margin loss: every wrong class whose score comes within `margin` of the true one's counts.
 * Prediction [batch, classes], targets [batch] int32: loss = Σ share · mean_c max(0, margin + z_c − z_y), c ≠ y.
 *
 * Source: Weston & Watkins, Support vector machines for multi-class pattern recognition, ESANN (1999), eq. 1.
 */
export function hinge(margin = 1): LossRule {
  return {
    kind: 'hinge',
    source: 'Weston & Watkins, Support vector machines for multi-class pattern recognition, ESANN (1999), eq. 1',
    formula: 'loss = Σ share · mean_{c≠y} max(0, margin + z_c − z_y)',
    emit(g, { prediction: z, rowShares, targets }) {
      const classCount = Number(z.shape.at(-1));
      const y = targets({ name: '', dtype: 'int32', shape: z.shape.slice(0, -1), classCount });
      const own = g.op('GatherElements', [z, g.reshape(y, [...y.shape, 1])], { axis: z.shape.length - 1 });
      const excess = g.op('Relu', [g.add(g.sub(z, own), g.scalar(margin, z))]);
      // The true class itself contributes exactly the margin.
      const perElement = g.sub(excess, g.scalar(margin / classCount, z));
      return { value: weightedMean(g, perElement, rowShares) };
    },
  };
}
