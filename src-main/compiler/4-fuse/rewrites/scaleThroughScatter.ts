import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** Rows that are scaled and from which the scale is subtracted in one place: the subtraction of 1 comes first. */
export const scaleThroughScatter = defineRewrite({
  name: 'scaleThroughScatter',
  formula: 'ScatterElements_add(p·k, i, −k) = k · ScatterElements_add(p, i, −1), k one number a row',
  reason: 'The gradient of cross entropy is k·(p − onehot); behind it k moves to narrower tensors (rowScaleThroughProduct).',
  exact: false,
  operators: ['ScatterElements'],
  apply({ inputs: [data, indices, updates], attributes }, context) {
    const { g, madeBy, readOnce } = context;
    const adds = attributes['reduction']?.kind === 'string' && attributes['reduction'].value === 'add';
    const product = data && readOnce(data) ? madeBy(data, 'Mul') : undefined;
    if (!adds || !product || !indices || !updates) return undefined;
    const [a, b] = product.inputs as [TypedValue, TypedValue];
    const [p, k] = b.shape.at(-1) === 1 ? [a, b] : [b, a];
    const factor = factorOf(updates, k, context);
    if (factor === undefined || k.shape.at(-1) !== 1 || p.shape.length !== data!.shape.length) return undefined;
    const numbers = g.expand(g.scalar(factor, p), updates.shape);
    return g.mul(g.op('ScatterElements', [p, indices, numbers], attributes), k);
  },
  examples: [
    {
      before: `sample (float32[2,3] p, int32[2,1] i, float32[2,1] k) => (float32[2,3] y) {
  m = Mul(p, k)
  n = Neg(k)
  y = ScatterElements <axis=1, reduction="add">(m, i, n)
}
`,
      after: `sample (float32[2,3] p, int32[2,1] i, float32[2,1] k) => (float32[2,3] y) {
  constant = float32[] {-1}
  constant_1 = int64[2] {2, 1}
  Expand = Expand(constant, constant_1)
  ScatterElements = ScatterElements <axis=1, reduction="add">(p, i, Expand)
  y = Mul(ScatterElements, k)
}
`,
    },
  ],
});

/** f where value = f·k. */
function factorOf(value: TypedValue, k: TypedValue, { madeBy, uniform }: RewriteContext): number | undefined {
  if (value.name === k.name) return 1;
  if (madeBy(value, 'Neg')?.inputs[0]?.name === k.name) return -1;
  const [a, b] = madeBy(value, 'Mul')?.inputs ?? [];
  if (a?.name === k.name) return uniform(b);
  return b?.name === k.name ? uniform(a) : undefined;
}
