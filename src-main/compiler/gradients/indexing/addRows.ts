import { elementCount } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** `sections` tables of `count` rows, each `width` wide: [sections, count, width]. */
export interface RowTable {
  readonly sections: number;
  readonly count: number;
  readonly width: number;
}

/**
 * Adds up rows by index: result[p, indices[m]] = Σ_m rows[p, m], shapes indices [m] and rows [sections, m, width].
 * Indices may count from the end. The flat form adds in the order of the indices and gives the same bits on any number of
 * threads; the product gives the same bits for the same number of threads, like every weight gradient.
 *
 * Two forms, chosen by what they cost on one core of ONNX Runtime 1.30 (rows of 128, 2048 indices; medians, ms):
 *
 * | rows in the table | one-hot · rows | ScatterElements, one index per row and column | …, flat |
 * |---|---|---|---|
 * | 100 | 0.42 | 1.67 | 0.83 |
 * | 500 | 2.1 | 1.8 | 0.81 |
 * | 1000 | 4.3 | 2.0 | 0.85 |
 * | 30,000 | – | 4.8 | 2.0 |
 *
 * - One-hot: a row of the matrix for each row of the table, times `rows`. 0.45 ns per element of the matrix and 0.0154 ns per
 *   multiplication.
 * - Flat: `ScatterElements add` over one long axis, 3.3 ns per element; its walk over an index per axis costs twice as much.
 *
 * `ScatterND add` would take 0.06 but races on two threads and loses rows; never emitted. Summing equal indices first by an
 * [m, m] product costs 15. What no form avoids is the dense result (46 MB for 30,000 × 384): see `rowReads.ts`,
 * and `5-emit/rowGradients.ts` for training, where large tables leave the graph as rows.
 */
export function addRows(g: TypedOps, { sections, count, width }: RowTable, indices: TypedValue, rows: TypedValue): TypedValue {
  const inRow = sections * width;
  return count * (0.45 / inRow + 0.0154) < 3.3
    ? addByProduct(g, { sections, count, width }, indices, rows)
    : addFlat(g, { sections, count, width }, indices, rows);
}

function addByProduct(g: TypedOps, { sections, count, width }: RowTable, indices: TypedValue, rows: TypedValue): TypedValue {
  const entries = elementCount(indices.shape);
  const row = integers(g, indices, [count, 1], [...Array(count).keys()]);
  const oneHot = g.cast(g.op('Equal', [row, fromStart(g, indices, count)]), rows.dtype);
  // Rows of one element: one product instead of one for each section.
  if (width === 1 && sections > 1)
    return g.reshape(g.matMul(g.reshape(rows, [sections, entries]), g.swapLast(oneHot)), [sections, count, 1]);
  return g.reshape(g.matMul(oneHot, sections === 1 ? g.reshape(rows, [entries, width]) : rows), [sections, count, width]);
}

function addFlat(g: TypedOps, { sections, count, width }: RowTable, given: TypedValue, rows: TypedValue): TypedValue {
  const total = sections * count * width;
  const entries = elementCount(given.shape);
  const indices = total < 2 ** 31 ? given : g.cast(given, 'int64');
  // In one section an index from the end stays one in the flat table: −1 is −width … −1.
  const known = sections === 1 ? indices : fromStart(g, indices, count);
  let flat = g.reshape(known, [1, entries, 1]);
  if (width > 1) {
    const columns = integers(g, indices, [1, 1, width], [...Array(width).keys()]);
    flat = g.add(g.mul(flat, integers(g, indices, [], [width])), columns);
  }
  if (sections > 1) {
    const starts = Array.from({ length: sections }, (_, section) => section * count * width);
    flat = g.add(flat, integers(g, indices, [sections, 1, 1], starts));
  }
  const zeros = g.expand(total < 2 ** 19 ? g.scalar(0, rows) : zeroOfRun(g, indices, rows), [total]);
  const size = sections * entries * width;
  const sum = g.op('ScatterElements', [zeros, g.reshape(flat, [size]), g.reshape(rows, [size])], { reduction: 'add' });
  return g.reshape(sum, [sections, count, width]);
}

/**
 * A zero that ONNX Runtime does not know before the run: otherwise it keeps the expanded table as a constant and copies it in
 * every step, where it could fill a buffer and add into it (30,000 × 384: 4.3 instead of 8 ms, and 46 MB less).
 */
function zeroOfRun(g: TypedOps, indices: TypedValue, like: TypedValue): TypedValue {
  const one = g.op('Slice', [g.reshape(indices, [elementCount(indices.shape)]), g.graph.int64([0]), g.graph.int64([1])]);
  return g.cast(g.sub(one, one), like.dtype);
}

/** Indices from the end, which ONNX allows, as indices from the start. */
export function fromStart(g: TypedOps, indices: TypedValue, count: number): TypedValue {
  return g.op('Mod', [indices, integers(g, indices, [], [count])]);
}

/** A constant of integers in the type of `like`. */
export function integers(g: TypedOps, like: TypedValue, shape: readonly number[], values: readonly number[]): TypedValue {
  if (like.dtype !== 'int64' && like.dtype !== 'int32') throw new Error(`Indices "${like.name}" are ${like.dtype}, not int32 or int64.`);
  return g.constant(tensorOf(like.dtype, shape, values));
}
