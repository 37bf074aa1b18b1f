import { readInteger } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { addRows, fromStart, integers } from '../../gradients/indexing/addRows.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { byLength, rowsFirst, squaredLengths, type RowRule } from './rowRule.ts';

/**
 * Embedding: output[…, m] = table[index_m]. A row's gradient has d_m added in line index_m, so
 * ‖g_i‖² = Σ_{m, n: index_m = index_n} ⟨d_m, d_n⟩ over the places of the row: nothing of the size of the table is made.
 *
 * Source: Li et al. (2022), https://arxiv.org/abs/2110.05679 §4.
 */
export const gather: RowRule = (use) => {
  const { g, entry, at, gradient, batch, axisOf } = use;
  const [table, indices] = entry.inputs as readonly [TypedValue, TypedValue];
  const axis = axisOf(indices);
  if (at !== 0 || axis === undefined || readInteger(entry.attributes, 'axis', 0) !== 0) return undefined;
  const [count, width] = [Number(table.shape[0]), elementCount(table.shape.slice(1))];
  const kept = table.shape.length - 1;
  const places = elementCount(indices.shape) / batch;
  const gradients = g.reshape(rowsFirst(use, gradient, axis, kept), [batch, places, width]);
  const numbers = (): TypedValue => fromStart(g, rowsFirst(use, indices, axis, 0), count);
  const lengths = (): TypedValue => {
    if (places === 1) return squaredLengths(g, gradients);
    const index = numbers();
    const same = g.cast(g.op('Equal', [g.reshape(index, [batch, places, 1]), g.reshape(index, [batch, 1, places])]), gradient.dtype);
    const pairs = g.mul(g.matMul(gradients, g.swapLast(gradients)), same);
    return g.reduceSum(g.reshape(pairs, [batch, places * places]), [1], false);
  };
  const each = (): TypedValue => {
    const index = numbers();
    const starts = integers(
      g,
      index,
      [batch, 1],
      Array.from({ length: batch }, (_, row) => row * count),
    );
    const flat = g.reshape(g.add(index, starts), [batch * places]);
    const all = addRows(g, { sections: 1, count: batch * count, width }, flat, g.reshape(gradients, [1, batch * places, width]));
    return g.reshape(all, [batch, ...table.shape]);
  };
  return byLength(use, lengths, batch * count * width <= mostInFull ? each : undefined);
};

/** Elements that the gradients of a table may take for all rows together: 16 MB. */
const mostInFull = 2 ** 22;
