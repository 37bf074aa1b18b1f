import type { TapeEntry, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** An embedding that is read twice, or is the output layer too, adds up in one table. */
export const sumIntoScatter = defineRewrite({
  name: 'sumIntoScatter',
  formula: 'x + scatterElements(0, i, u, add) = scatterElements(x, i, u, add)',
  reason: 'Saves a table of zeros and passes over the whole gradient: a step with two readings of a [30000, 128] table 7.7 and 4.6 ms.',
  exact: false,
  operators: ['Add'],
  apply({ inputs: [left, right] }, { g, ...context }) {
    for (const [x, sum] of [
      [left, right],
      [right, left],
    ]) {
      if (!x || !sum || x.shape.length !== sum.shape.length || x.shape.some((dim, axis) => dim !== sum.shape[axis])) continue;
      const scatter = scatterIntoZeros(sum, context);
      const [zeros, indices, updates] = scatter?.inputs ?? [];
      if (!scatter || !zeros || !indices || !updates) continue;
      const into = g.op('ScatterElements', [g.reshape(x, zeros.shape), indices, updates], scatter.attributes);
      return g.reshape(into, x.shape);
    }
    return undefined;
  },
  examples: [
    {
      before: `sample (float32[3,2] x, int64[2,2] i, float32[2,2] u, float32[4] v, int64[4] j) => (float32[3,2] y, float32[3,2] z) {
  zero = float32[] {0}
  sizes = int64[2] {3, 2}
  flat = int64[1] {6}
  zeros = Expand(zero, sizes)
  s = ScatterElements <reduction="add">(zeros, i, u)
  y = Add(s, x)
  first = int64[1] {0}
  second = int64[1] {1}
  one = Slice(j, first, second)
  none = Sub(one, one)
  cast = Cast <to=1>(none)
  table = Expand(cast, flat)
  t = ScatterElements <reduction="add">(table, j, v)
  r = Reshape(t, sizes)
  z = Add(x, r)
}
`,
      after: `sample (float32[3,2] x, int64[2,2] i, float32[2,2] u, float32[4] v, int64[4] j) => (float32[3,2] y, float32[3,2] z) {
  constant_1 = int64[2] {3, 2}
  constant_2 = int64[1] {6}
  y = ScatterElements <reduction="add">(x, i, u)
  Reshape = Reshape(x, constant_2)
  ScatterElements_1 = ScatterElements <reduction="add">(Reshape, j, v)
  z = Reshape(ScatterElements_1, constant_1)
}
`,
    },
  ],
});

/** ScatterElements that adds into zeros and is read nowhere else, as it is or in another shape. */
function scatterIntoZeros(sum: TypedValue, context: Omit<RewriteContext, 'g'>): TapeEntry | undefined {
  const { madeBy, readOnce } = context;
  const flat = madeBy(sum, 'Reshape')?.inputs[0] ?? sum;
  const scatter = madeBy(flat, 'ScatterElements');
  const reduction = scatter?.attributes['reduction'];
  if (!scatter || !readOnce(sum) || !readOnce(flat) || reduction?.kind !== 'string' || reduction.value !== 'add') return undefined;
  const zeros = madeBy(scatter.inputs[0], 'Expand')?.inputs[0];
  const difference = madeBy(madeBy(zeros, 'Cast')?.inputs[0], 'Sub')?.inputs;
  const isZero = context.uniform(zeros) === 0 || (difference?.[0]?.dtype.startsWith('int') && difference[0].name === difference[1]?.name);
  return isZero ? scatter : undefined;
}
