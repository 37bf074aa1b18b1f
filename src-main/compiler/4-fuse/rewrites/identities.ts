import { sameShape } from '../../2-shapes/broadcast.ts';
import { dataTypeCodes } from '../../onnx/graph.ts';
import { defineRewrite, type RewriteContext, type Site } from '../defineRewrite.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';

/** x·1, x/1, x+0, x−0, x¹, and moves that move nothing. */
export const identities = defineRewrite({
  name: 'identities',
  formula: 'x · 1 = x / 1 = x + 0 = x − 0 = x¹ = x; Cast, Reshape, Expand, Transpose, Sum, Concat that change nothing = x',
  reason: 'Gradient rules multiply by attributes and spread over shapes without looking at their values.',
  exact: true,
  operators: ['Mul', 'Div', 'Add', 'Sub', 'Pow', 'Cast', 'Reshape', 'Expand', 'Transpose', 'Sum', 'Concat'],
  apply(site, context) {
    const x = unchanged(site, context);
    const shape = x && resultShape(site, context, x);
    return x && shape && sameShape(x.shape, shape) ? x : undefined;
  },
  examples: [
    {
      before: `sample (float32[2,3] x, float32[2,3] z) => (float32[2,3] y, float32[3,2] t) {
  one = float32[] {1}
  zero = float32[3] {0, 0, 0}
  m = Mul(one, x)
  a = Add(m, zero)
  d = Div(a, one)
  y = Neg(d)
  c = Cast <to=1>(z)
  i = Transpose <perm=[0, 1]>(c)
  s = Sum(i)
  t = Transpose <perm=[1, 0]>(s)
}
`,
      after: `sample (float32[2,3] x, float32[2,3] z) => (float32[2,3] y, float32[3,2] t) {
  y = Neg(x)
  t = Transpose <perm=[1, 0]>(z)
}
`,
    },
    {
      // Broadcasting is a change.
      before: `sample (float32[3] x) => (float32[2,3] y) {
  zeros = float32[2,3] {0, 0, 0, 0, 0, 0}
  y = Add(x, zeros)
}
`,
      after: `sample (float32[3] x) => (float32[2,3] y) {
  zeros = float32[2,3] {0, 0, 0, 0, 0, 0}
  y = Add(x, zeros)
}
`,
    },
  ],
});

/** The input that the node may hand on, whatever the shapes. */
function unchanged({ operator, inputs: [a, b], attributes, inputs }: Site, { uniform }: RewriteContext): TypedValue | undefined {
  switch (operator) {
    case 'Mul':
      return uniform(b) === 1 ? a : uniform(a) === 1 ? b : undefined;
    case 'Add':
      return uniform(b) === 0 ? a : uniform(a) === 0 ? b : undefined;
    case 'Div':
    case 'Pow':
      return uniform(b) === 1 ? a : undefined;
    case 'Sub':
      return uniform(b) === 0 ? a : undefined;
    case 'Transpose': {
      const perm = attributes['perm'];
      return perm?.kind === 'ints' && perm.value.every((axis, at) => axis === at) ? a : undefined;
    }
    case 'Sum':
    case 'Concat':
      return inputs.length === 1 ? a : undefined;
    default:
      return a;
  }
}

function resultShape(
  { operator, inputs: [a, b], attributes }: Site,
  { constant }: RewriteContext,
  x: TypedValue,
): TypedValue['shape'] | undefined {
  switch (operator) {
    case 'Cast': {
      const to = attributes['to'];
      return to?.kind === 'int' && to.value === dataTypeCodes[x.dtype] ? x.shape : undefined;
    }
    case 'Reshape':
    case 'Expand': {
      const shape = constant(b);
      if (shape?.dtype !== 'int64') return undefined;
      const sizes = Array.from(shape.data, Number);
      // 0 copies and −1 infers: then the size is what it was only if the others are.
      const same =
        sizes.length === x.shape.length && sizes.every((size, at) => size === x.shape[at] || (operator === 'Expand' && size === 1));
      return same ? x.shape : undefined;
    }
    case 'Transpose':
    case 'Sum':
    case 'Concat':
      return x.shape;
    default:
      return sameShape(a!.shape, b!.shape) || (x === a ? within(b!, x) : within(a!, x)) ? x.shape : undefined;
  }
}

/** Whether broadcasting `other` against `x` leaves x's shape. */
function within(other: TypedValue, x: TypedValue): boolean {
  const offset = x.shape.length - other.shape.length;
  return offset >= 0 && other.shape.every((dim, at) => dim === 1 || dim === x.shape[at + offset]);
}
