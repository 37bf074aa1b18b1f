import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** Moves a factor that is a number towards the next product, where it is free (see scaleIntoProduct). */
export const scaleOutwards = defineRewrite({
  name: 'scaleOutwards',
  formula: 'a ⊙ (c·b) = c·(a ⊙ b); move(c·x) = c·move(x) for Reshape and Transpose; c·(A·B + b) = (c·(A·B)) + c·b',
  reason: 'GELU and its slope contain ½ and √½, a mean 1/n: each is a pass over the widest tensor of a layer.',
  exact: false,
  operators: ['Mul', 'Reshape', 'Transpose'],
  apply({ operator, inputs: [a, b], attributes }, context) {
    const { g, readOnce, uniform } = context;
    if (!a || !b) {
      const scaled = a && scaledBy(a, context);
      return scaled && readOnce(a) ? g.mul(g.op('Transpose', [scaled.x], attributes), scaled.number) : undefined;
    }
    if (operator === 'Reshape') {
      // Also where others read the scaled value: a reshape costs nothing, and products behind it take the factor.
      const scaled = scaledBy(a, context);
      return scaled ? g.mul(g.op('Reshape', [scaled.x, b], attributes), scaled.number) : undefined;
    }
    if (operator !== 'Mul') return undefined;
    if (uniform(a) !== undefined || uniform(b) !== undefined) return intoBias(uniform(a) === undefined ? [a, b] : [b, a], context);
    for (const [inner, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const scaled = readOnce(inner) ? scaledBy(inner, context) : undefined;
      if (scaled) return g.mul(g.mul(scaled.x, other), scaled.number);
    }
    return undefined;
  },
  examples: [
    {
      before: `sample (float32[2,3] x, float32[2,3] z) => (float32[3,2] y) {
  half = float32[] {0.5}
  h = Mul(x, half)
  m = Mul(z, h)
  y = Transpose <perm=[1, 0]>(m)
}
`,
      after: `sample (float32[2,3] x, float32[2,3] z) => (float32[3,2] y) {
  constant = float32[] {0.5}
  Mul = Mul(x, z)
  Transpose = Transpose <perm=[1, 0]>(Mul)
  y = Mul(Transpose, constant)
}
`,
    },
    {
      before: `sample (float32[2,3] x, float32[3,4] w, float32[4] bias) => (float32[2,4] y) {
  half = float32[] {0.5}
  p = MatMul(x, w)
  s = Add(p, bias)
  y = Mul(s, half)
}
`,
      after: `sample (float32[2,3] x, float32[3,4] w, float32[4] bias) => (float32[2,4] y) {
  constant = float32[] {0.5}
  p = MatMul(x, w)
  Mul = Mul(p, constant)
  Mul_1 = Mul(bias, constant)
  y = Add(Mul, Mul_1)
}
`,
    },
  ],
});

/** x · c with a scalar c. */
function scaledBy(value: TypedValue, { madeBy, uniform }: RewriteContext): { x: TypedValue; number: TypedValue } | undefined {
  const [a, b] = madeBy(value, 'Mul')?.inputs ?? [];
  if (!a || !b) return undefined;
  const [x, number] = uniform(b) === undefined ? [b, a] : [a, b];
  return uniform(number) !== undefined && number.shape.length === 0 && uniform(x) === undefined ? { x, number } : undefined;
}

/** c·(A·B + b): the bias is small, and the product takes the factor. */
function intoBias([x, number]: readonly [TypedValue, TypedValue], { g, madeBy, readOnce }: RewriteContext): TypedValue | undefined {
  const sum = number.shape.length === 0 && readOnce(x) ? madeBy(x, 'Add') : undefined;
  if (!sum) return undefined;
  const [left, right] = sum.inputs as [TypedValue, TypedValue];
  const isProduct = (value: TypedValue): boolean =>
    madeBy(value, 'MatMul') !== undefined ||
    madeBy(value, 'Gemm') !== undefined ||
    madeBy(value, 'com.microsoft.FusedMatMul') !== undefined;
  if (isProduct(left) && right.shape.length === 1) return g.add(g.mul(left, number), g.mul(right, number));
  if (isProduct(right) && left.shape.length === 1) return g.add(g.mul(left, number), g.mul(right, number));
  return undefined;
}
