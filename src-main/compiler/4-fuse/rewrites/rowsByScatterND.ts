import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { elementCount } from '../../onnx/graph.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/**
 * Adds rows to a table as rows, not as single elements. On one thread only: on several ScatterND loses sums, and `lint` refuses it
 * there.
 */
export const rowsByScatterND = defineRewrite({
  name: 'rowsByScatterND',
  formula: 'ScatterElements_add(x, i·w + (0 … w−1), u) = ScatterND_add(x as rows of w, i, u as rows)',
  reason: 'The gradient of an embedding: 2048 rows of 128 in 0.2 instead of 1.5 ms.',
  exact: true,
  operators: ['ScatterElements'],
  apply({ inputs: [data, flat, updates], attributes }, context) {
    const { g, madeBy, constant } = context;
    const adds = attributes['reduction']?.kind === 'string' && attributes['reduction'].value === 'add';
    if (!adds || !data || !flat || !updates || data.shape.length !== 1) return undefined;
    const sum = madeBy(madeBy(flat, 'Reshape')?.inputs[0] ?? flat, 'Add');
    const [starts, columns] = sum?.inputs ?? [];
    const steps = constant(columns);
    const width = steps?.data.length ?? 0;
    if (!starts || width < 2 || !isCount(steps?.data) || Number(data.shape[0]) % width !== 0) return undefined;
    const [rows, factor] = madeBy(starts, 'Mul')?.inputs ?? [];
    const by = constant(factor);
    if (!rows || by?.data.length !== 1 || Number(by.data[0]) !== width) return undefined;
    const count = elementCount(rows.shape);
    if (elementCount(updates.shape) !== count * width) return undefined;
    const table = g.reshape(rowsOf(data, context, width), [Number(data.shape[0]) / width, width]);
    const indices = g.cast(g.reshape(rows, [count, 1]), 'int64');
    return g.reshape(g.op('ScatterND', [table, indices, g.reshape(updates, [count, width])], { reduction: 'add' }), data.shape);
  },
  examples: [
    {
      before: `sample (float32[6] x, int64[1,4,1] i, float32[8] u) => (float32[6] y) {
  width = int64[] {2}
  columns = int64[1,1,2] {0, 1}
  flat = int64[1] {8}
  starts = Mul(i, width)
  cells = Add(starts, columns)
  all = Reshape(cells, flat)
  y = ScatterElements <reduction="add">(x, all, u)
}
`,
      after: `sample (float32[6] x, int64[1,4,1] i, float32[8] u) => (float32[6] y) {
  constant_3 = int64[2] {3, 2}
  constant_4 = int64[2] {4, 1}
  constant_5 = int64[2] {4, 2}
  constant_6 = int64[1] {6}
  Reshape = Reshape(x, constant_3)
  Reshape_1 = Reshape(i, constant_4)
  Reshape_2 = Reshape(u, constant_5)
  ScatterND = ScatterND <reduction="add">(Reshape, Reshape_1, Reshape_2)
  y = Reshape(ScatterND, constant_6)
}
`,
    },
  ],
});

/** 0, 1, 2, … */
function isCount(data: ArrayLike<unknown> | undefined): boolean {
  return data !== undefined && Array.from(data).every((each, at) => Number(each) === at);
}

/** Zeros are spread as a table at once. */
function rowsOf(data: TypedValue, { g, madeBy }: RewriteContext, width: number): TypedValue {
  const source = madeBy(data, 'Expand')?.inputs[0];
  return source && elementCount(source.shape) === 1 ? g.expand(g.reshape(source, []), [Number(data.shape[0]) / width, width]) : data;
}
