import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** A linear map of one axis: `matrix[to][from]`. */
export interface AxisMap {
  readonly axis: number;
  readonly matrix: readonly (readonly number[])[];
}

/**
 * Maps several axes linearly, each by a constant matrix: the outer product of the maps applied to the tensor. The gradient
 * of averaging and interpolation, whose weights are products over the axes. Dense products beat taking elements one by one
 * up to some hundred elements an axis, on every provider.
 */
export function alongAxes(g: TypedOps, data: TypedValue, maps: readonly AxisMap[]): TypedValue {
  return maps.reduce((value, each) => alongAxis(g, value, each), data);
}

export function transposed(matrix: readonly (readonly number[])[]): number[][] {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column]!));
}

function alongAxis(g: TypedOps, data: TypedValue, { axis, matrix }: AxisMap): TypedValue {
  const shape = data.shape as readonly number[];
  const [to, from] = [matrix.length, shape[axis]!];
  const result = shape.with(axis, to);
  const behind = product(shape.slice(axis + 1));
  if (behind === 1) {
    const columns = transposed(matrix);
    return g.reshape(g.matMul(g.reshape(data, [product(shape) / from, from]), g.tensor([from, to], columns.flat(), data)), result);
  }
  const stacked = g.reshape(data, [product(shape.slice(0, axis)), from, behind]);
  return g.reshape(g.matMul(g.tensor([to, from], matrix.flat(), data), stacked), result);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((count, each) => count * each, 1);
}
