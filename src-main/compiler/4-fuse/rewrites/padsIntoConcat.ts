import { readInteger } from '../../onnx/attributes.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** The gradients of neighbouring slices of one value lie beside each other. */
export const padsIntoConcat = defineRewrite({
  name: 'padsIntoConcat',
  formula: 'pad(x, 0, n) + pad(y, m, 0) = concat(x, y), where x is m and y is n long',
  reason:
    'T slices of one value would write T whole tensors and add them up: 32 steps of [32, 64, 128] take 5.6 ms, as Concat 0.13; the halves of a rotary embedding [32, 4, 64, 32] 0.39 and 0.11.',
  exact: true,
  operators: ['Add'],
  apply({ inputs: [left, right] }, { g, ...context }) {
    const [one, other] = [stretchOf(left, context), stretchOf(right, context)];
    if (one?.axis === undefined || one.axis !== other?.axis) return undefined;
    const [first, second] = one.start < other.start ? [one, other] : [other, one];
    if (first.end !== second.start) return undefined;
    const { axis, size } = one;
    const parts = [first, second].flatMap(({ value }) => {
      const inner = context.madeBy(value, 'Concat');
      return inner && readInteger(inner.attributes, 'axis', 0) === axis ? inner.inputs : [value];
    });
    const joined = g.op('Concat', parts, { axis });
    if (first.start === 0 && second.end === size) return joined;
    const zeros = joined.shape.map(() => 0);
    return g.op('Pad', [joined, g.graph.int64([...zeros.with(axis, first.start), ...zeros.with(axis, size - second.end)])]);
  },
  examples: [
    {
      before: `sample (float32[2,3] x, float32[2,2] y, float32[2,1] z) => (float32[2,6] s) {
  behind = int64[4] {0, 0, 0, 3}
  around = int64[4] {0, 3, 0, 1}
  before = int64[4] {0, 5, 0, 0}
  a = Pad(x, behind)
  b = Pad(y, around)
  c = Pad(z, before)
  t = Add(c, b)
  s = Add(t, a)
}
`,
      after: `sample (float32[2,3] x, float32[2,2] y, float32[2,1] z) => (float32[2,6] s) {
  s = Concat <axis=1>(x, y, z)
}
`,
    },
    {
      // A gap stays a sum; what is beside each other does not.
      before: `sample (float32[1,2] x, float32[1,2] y, float32[2,2] z) => (float32[4,2] s, float32[5,2] t) {
  last = int64[4] {3, 0, 0, 0}
  first = int64[4] {0, 0, 3, 0}
  second = int64[4] {1, 0, 3, 0}
  third = int64[4] {2, 0, 1, 0}
  a = Pad(x, last)
  b = Pad(y, first)
  s = Add(a, b)
  c = Pad(x, second)
  d = Pad(z, third)
  t = Add(c, d)
}
`,
      after: `sample (float32[1,2] x, float32[1,2] y, float32[2,2] z) => (float32[4,2] s, float32[5,2] t) {
  constant = int64[4] {3, 0, 0, 0}
  constant_1 = int64[4] {0, 0, 3, 0}
  constant_4 = int64[4] {1, 0, 1, 0}
  a = Pad(x, constant)
  b = Pad(y, constant_1)
  s = Add(a, b)
  Concat = Concat <axis=0>(x, z)
  t = Pad(Concat, constant_4)
}
`,
    },
  ],
});

/** Where a value is zero but for `value` along one axis: what Pad with zeros makes. */
function stretchOf(
  padded: TypedValue | undefined,
  { madeBy, constant }: Pick<RewriteContext, 'madeBy' | 'constant'>,
): { value: TypedValue; axis: number; start: number; end: number; size: number } | undefined {
  const pad = madeBy(padded, 'Pad');
  const [value, pads, ...others] = pad?.inputs ?? [];
  const amounts = constant(pads);
  const mode = pad?.attributes['mode'];
  if (!padded || !value || others.some(Boolean) || amounts?.dtype !== 'int64' || (mode?.kind === 'string' && mode.value !== 'constant'))
    return undefined;
  const rank = value.shape.length;
  const [before, after] = [Array.from(amounts.data.slice(0, rank), Number), Array.from(amounts.data.slice(rank), Number)];
  const axes = before.flatMap((by, axis) => (by !== 0 || after[axis] !== 0 ? [axis] : []));
  const [axis] = axes;
  const size = padded.shape[axis ?? 0];
  if (axis === undefined || axes.length > 1 || typeof size !== 'number' || before[axis]! < 0 || after[axis]! < 0) return undefined;
  return { value, axis, start: before[axis]!, end: size - after[axis]!, size };
}
