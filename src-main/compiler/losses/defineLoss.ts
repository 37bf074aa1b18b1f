import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';

export interface LossInputs {
  /** [batch, outputs] float: logits or predicted values. */
  readonly prediction: TypedValue;
  /** 'classes': [batch] int32 class numbers. 'values': same shape as the prediction. */
  readonly targets: TypedValue;
  /** [batch] float: how much each row counts; a plain mean has 1/batch everywhere. */
  readonly rowShares: TypedValue;
}

export interface LossRule {
  readonly kind: string;
  readonly source: string;
  readonly formula: string;
  readonly targetType: 'classes' | 'values';
  /**
   * Adds the nodes of the loss (a scalar) and, where a closed form is faster or safer than differentiating the value's
   * nodes, of its gradient with respect to the prediction.
   */
  emit(g: TypedOps, inputs: LossInputs): { value: TypedValue; gradient?: TypedValue };
}

/** Σ_rows share · rowLoss: [batch] or [batch, 1] to a scalar. */
export function weightedSum(g: TypedOps, rowLosses: TypedValue, rowShares: TypedValue): TypedValue {
  const column = g.mul(g.reshape(rowLosses, rowShares.shape), rowShares);
  return g.reduceSum(column, [0], false);
}

/** [batch] to [batch, 1], to multiply rows of a matrix. */
export function asColumn(g: TypedOps, vector: TypedValue): TypedValue {
  return g.reshape(vector, [...vector.shape, 1]);
}
