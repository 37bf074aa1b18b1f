import { throughNode } from '../../3-differentiate/backpropagate.ts';
import type { TapeEntry, TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { once } from '../../gradients/activation/once.ts';
import { elementCount } from '../../onnx/graph.ts';

/** A node where a weight meets what depends on the rows, and the gradient that arrives there. */
export interface RowUse {
  readonly g: TypedOps;
  readonly entry: TapeEntry;
  /** Which input of the node the weight is. */
  readonly at: number;
  /** Of the node's first output. */
  readonly gradient: TypedValue;
  /** Number of rows in the batch. */
  readonly batch: number;
  /** Axis along which the rows of a value follow each other, each as a block; undefined where it has none. */
  axisOf(value: TypedValue | undefined): number | undefined;
}

/** The gradients of one weight, row by row, by one node. */
export interface RowGradients {
  /** All of them, [batch, ...shape of the weight]. Missing where that would be too large. */
  readonly each?: () => TypedValue;
  /** ‖g_i‖² of each row, [batch]. */
  readonly squaredLengths: () => TypedValue;
  /** Σ_i factor_i g_i for factors [batch], in the weight's shape. */
  readonly sum: (factors: TypedValue) => TypedValue;
}

/** What is known of an operator; undefined for a form of it that is not. */
export type RowRule = (use: RowUse) => RowGradients | undefined;

/** Row gradients that are all computed, [batch, …]: then their lengths and sums are a pass over them. */
export function inFull({ g, batch }: Pick<RowUse, 'g' | 'batch'>, make: () => TypedValue): RowGradients {
  const each = once(make);
  return {
    each,
    squaredLengths: () => squaredLengths(g, each()),
    sum: (factors) => {
      const all = each();
      const shape = all.shape.slice(1);
      return g.reshape(g.matMul(g.reshape(factors, [1, batch]), g.reshape(all, [batch, elementCount(shape)])), shape);
    },
  };
}

/** Row gradients of which only the lengths are computed: the sum is the node's own rule for gradients that were scaled row by row. */
export function byLength(use: RowUse, lengths: () => TypedValue, each?: () => TypedValue): RowGradients {
  const { g, entry, at, gradient } = use;
  const weight = entry.inputs[at]!;
  return {
    ...(each && { each }),
    squaredLengths: lengths,
    sum: (factors) => {
      const scaled = scaleRows(use, gradient, factors);
      const [seed] = throughNode(g, entry, [scaled], new Set([weight.name]));
      if (!seed) throw new Error(`${entry.operator} ("${entry.outputs[0]!.name}") has no gradient for "${weight.name}".`);
      return seed.gradient;
    },
  };
}

/** Σ of the squares of each row, [batch, …] to [batch]. */
export function squaredLengths(g: TypedOps, value: TypedValue): TypedValue {
  const flat = g.reshape(value, [value.shape[0]!, elementCount(value.shape.slice(1))]);
  return g.op('ReduceSumSquare', [flat, g.graph.int64([1])], { keepdims: 0 });
}

/** Rows and what follows them in blocks as one axis each in front: [batch, places, ...last `kept` axes]. */
export function rowsFirst({ g, batch }: Pick<RowUse, 'g' | 'batch'>, value: TypedValue, axis: number, kept: number): TypedValue {
  const shape = value.shape.map(Number);
  const tail = shape.slice(shape.length - kept);
  const [before, block] = [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis, shape.length - kept)) / batch];
  const places = before * block;
  if (before === 1) return g.reshape(value, [batch, places, ...tail]);
  const apart = g.reshape(value, [before, batch, block, ...tail]);
  return g.reshape(g.transpose(apart, [1, 0, 2, ...tail.map((_, at) => at + 3)]), [batch, places, ...tail]);
}

function scaleRows({ g, batch, entry, axisOf }: RowUse, value: TypedValue, factors: TypedValue): TypedValue {
  const axis = axisOf(entry.outputs[0])!;
  const shape = value.shape.map(Number);
  const block = shape[axis]! / batch;
  const apart = block === 1 ? value : g.reshape(value, [...shape.slice(0, axis), batch, block, ...shape.slice(axis + 1)]);
  const column = g.reshape(factors, [batch, ...apart.shape.slice(axis + 1).map(() => 1)]);
  return g.reshape(g.mul(apart, column), shape);
}
