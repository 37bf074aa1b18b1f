import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { weightedSum, type LossRule } from './defineLoss.ts';

export interface TripletSettings {
  readonly kind: 'triplet';
  /** Outputs of the forward graph, [batch, width] each. */
  readonly anchor: string;
  readonly positive: string;
  readonly negative: string;
  /** Default 1. */
  readonly margin?: number;
}

/**
 * Triplet loss: the anchor should be nearer to the positive than to the negative by a margin.
 * loss = Σ share · max(0, ‖a − p‖ − ‖a − n‖ + margin), distances with 1e-6 under the root of each difference as PyTorch has it.
 *
 * Source: Schroff et al., FaceNet (2015), https://arxiv.org/abs/1503.03832 §3.1 (with distances instead of squares).
 */
export function triplet({ anchor, positive, negative, margin = 1 }: TripletSettings): LossRule {
  return {
    kind: 'triplet',
    source: 'Schroff et al. (2015), https://arxiv.org/abs/1503.03832 §3.1',
    formula: 'loss = Σ share · max(0, ‖a − p‖ − ‖a − n‖ + margin)',
    emit(g, { value, rowShares }) {
      const [near, far] = [distance(g, value(anchor), value(positive)), distance(g, value(anchor), value(negative))];
      return { value: weightedSum(g, g.op('Relu', [g.add(g.sub(near, far), g.scalar(margin, near))]), rowShares) };
    },
  };
}

/** ‖left − right + 1e-6‖ by row: never the root of exactly 0, whose slope is infinite. */
function distance(g: TypedOps, left: TypedValue, right: TypedValue): TypedValue {
  const difference = g.add(g.sub(left, right), g.scalar(1e-6, left));
  return g.sqrt(g.reduceSum(g.mul(difference, difference), [1], false));
}
