import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { Shape } from '../onnx/graph.ts';

/** What a loss compares with, as data: one entry per row. */
export interface TargetSpec {
  /** '' for a loss with one target. */
  readonly name: string;
  readonly dtype: 'int32' | 'float32' | 'float64';
  /** First axis the batch. */
  readonly shape: Shape;
  /** Class numbers are 0 to classCount − 1. */
  readonly classCount?: number;
  /** A class number that says: does not count. */
  readonly ignoreIndex?: number;
}

export interface LossContext {
  /** The first output of the forward graph, [batch, …] float: logits or predicted values. */
  readonly prediction: TypedValue;
  /** All outputs by name. */
  readonly outputs: ReadonlyMap<string, TypedValue>;
  /** [batch] float: how much each row counts; a plain mean has 1/batch everywhere, padding 0. */
  readonly rowShares: TypedValue;
  /** Any value of the forward graph by name. */
  value(name: string): TypedValue;
  /** Asks for targets from the training data. */
  targets(spec: TargetSpec): TypedValue;
  /** Adds a trained parameter that belongs to the loss; it starts at 0. */
  parameter(name: string, shape: Shape): TypedValue;
}

export interface LossRule {
  readonly kind: string;
  readonly source: string;
  readonly formula: string;
  /**
   * Adds the nodes of the loss (a scalar) and, where a closed form is faster or safer than differentiating the value's
   * nodes, of its gradient with respect to `prediction`.
   */
  emit(g: TypedOps, context: LossContext): { value: TypedValue; gradient?: TypedValue };
}

/** Σ_rows share · rowLoss: [batch] or [batch, 1] to a scalar. */
export function weightedSum(g: TypedOps, rowLosses: TypedValue, rowShares: TypedValue): TypedValue {
  const column = g.mul(g.reshape(rowLosses, rowShares.shape), rowShares);
  return g.reduceSum(column, [0], false);
}

/** Σ_rows share · mean of the row's elements: [batch, …] to a scalar. */
export function weightedMean(g: TypedOps, losses: TypedValue, rowShares: TypedValue): TypedValue {
  if (losses.shape.length === 1) return weightedSum(g, losses, rowShares);
  const axes = losses.shape.map((_, axis) => axis).slice(1);
  return weightedSum(g, g.op('ReduceMean', [losses, g.graph.int64(axes)], { keepdims: 0 }), rowShares);
}

/** [batch] to [batch, 1, …], to multiply rows of a tensor of that rank. */
export function asColumn(g: TypedOps, vector: TypedValue, rank = 2): TypedValue {
  return g.reshape(vector, [...vector.shape, ...Array.from({ length: rank - vector.shape.length }, () => 1)]);
}

/** Elements in one row of a tensor [batch, …]. */
export function elementsPerRow(value: TypedValue): number {
  return value.shape.slice(1).reduce<number>((count, dim) => count * Number(dim), 1);
}
