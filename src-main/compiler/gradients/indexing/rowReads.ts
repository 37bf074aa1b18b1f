import type { TapeEntry, TypedValue } from '../../2-shapes/typedOps.ts';
import { readInteger } from '../../onnx/attributes.ts';

/** One place where rows of a table are read. */
export interface RowRead {
  /** Row numbers, any shape, from the end when negative: int32 or int64. */
  readonly indices: TypedValue;
  /** The rows: the shape of `indices`, then that of a row. Its gradient is the table's, row by row. */
  readonly rows: TypedValue;
}

/**
 * Where `table` (an embedding) is read by Gather along its first axis and by nothing else: its gradient as rows. A dense
 * gradient of 30,000 × 384 takes 46 MB and 12 ms to write for whatever number of rows, and an optimizer then reads all of it;
 * so for a large vocabulary one asks backpropagation for the gradients of the `rows` instead of the table's
 * (`backpropagate(g, seeds, reads.map((each) => each.rows))`), hands out them and the `indices`, and adds them up outside the
 * graph. Undefined when the table is used in another way too (tied to an output layer, say): then its gradient is dense.
 */
export function rowReads(tape: readonly TapeEntry[], table: TypedValue): readonly RowRead[] | undefined {
  const uses = tape.filter(({ inputs }) => inputs.some((each) => each?.name === table.name));
  const reads = uses.flatMap(({ operator, inputs: [data, indices], outputs: [rows], attributes }): RowRead[] => {
    const axis = readInteger(attributes, 'axis', 0);
    const first = axis === 0 || axis === -table.shape.length;
    return operator === 'Gather' && data?.name === table.name && first ? [{ indices: indices!, rows: rows! }] : [];
  });
  return reads.length === uses.length && reads.length > 0 ? reads : undefined;
}
