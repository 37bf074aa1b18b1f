import type { Attributes, Graph } from '../../onnx/graph.ts';

/** A value of the reference interpreter: any element type as float64 (booleans 0 and 1), row-major. */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export interface OperatorContext {
  readonly attributes: Attributes;
  readonly outputCount: number;
  /** Runs a subgraph with values for its inputs; it also sees the values around it. */
  readonly runSubgraph: (graph: Graph, inputs: readonly ReferenceTensor[]) => ReferenceTensor[];
}

/** An operator by its definition. Left-out optional inputs are undefined. One output, or all of them in ONNX order. */
export type Operator = (
  inputs: readonly (ReferenceTensor | undefined)[],
  context: OperatorContext,
) => ReferenceTensor | readonly (ReferenceTensor | undefined)[];

export function tensor(shape: readonly number[], data: Iterable<number | bigint>): ReferenceTensor {
  return { shape, data: Float64Array.from(data, Number) };
}

export function size(shape: readonly number[]): number {
  return shape.reduce((count, dim) => count * dim, 1);
}

export const unary =
  (f: (x: number) => number): Operator =>
  ([x]) => ({ shape: x!.shape, data: x!.data.map(f) });

export const binary =
  (f: (a: number, b: number) => number): Operator =>
  ([a, b]) => {
    const shape = broadcast(a!.shape, b!.shape);
    return fill(shape, (index) => f(elementAt(a!, index), elementAt(b!, index)));
  };

export function broadcast(left: readonly number[], right: readonly number[]): number[] {
  const rank = Math.max(left.length, right.length);
  const dim = (shape: readonly number[], axis: number): number => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => (dim(left, axis) === 1 ? dim(right, axis) : dim(left, axis)));
}

/** Element at `index` of a shape that `x` broadcasts to. */
export function elementAt(x: ReferenceTensor, index: readonly number[]): number {
  return x.data[offsetIn(x.shape, index)]!;
}

export function offsetIn(shape: readonly number[], index: readonly number[]): number {
  const skipped = index.length - shape.length;
  return shape.reduce((offset, dim, axis) => offset * dim + (dim === 1 ? 0 : index[skipped + axis]!), 0);
}

export function fill(shape: readonly number[], element: (index: readonly number[]) => number): ReferenceTensor {
  const data = new Float64Array(size(shape));
  eachIndex(shape, (index, offset) => {
    data[offset] = element(index);
  });
  return { shape, data };
}

export function eachIndex(shape: readonly number[], visit: (index: readonly number[], offset: number) => void): void {
  const index = shape.map(() => 0);
  for (let offset = 0; offset < size(shape); offset++) {
    visit(index, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

export function numberAttribute(attributes: Attributes, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'float' || attribute?.kind === 'int' ? attribute.value : otherwise;
}

export function integersAttribute(attributes: Attributes, name: string): readonly number[] | undefined {
  const attribute = attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

export function textAttribute(attributes: Attributes, name: string, otherwise: string): string {
  const attribute = attributes[name];
  return attribute?.kind === 'string' ? attribute.value : otherwise;
}
