import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** A product reads a matrix the other way round as fast; the transposed copy is not made. */
export const transposeIntoProduct = defineRewrite({
  name: 'transposeIntoProduct',
  formula: 'A·Transpose(B) = FusedMatMul_{transB}(A, B), Gemm_{transB}(A, B)',
  reason: 'A copy of each key, value and score tensor less, forward and backward.',
  exact: false,
  operators: ['MatMul', 'Gemm', 'com.microsoft.FusedMatMul'],
  apply({ operator, inputs, attributes }, context) {
    const { g } = context;
    const [a, b] = inputs as [TypedValue, TypedValue];
    const [left, right] = [turned(a, context), turned(b, context)];
    if (!left && !right) return undefined;
    const [transA, transB] = [readInteger(attributes, 'transA', 0), readInteger(attributes, 'transB', 0)];
    const flags = { ...attributes, transA: left ? 1 - transA : transA, transB: right ? 1 - transB : transB };
    const flat = a.shape.length === 2 && b.shape.length === 2;
    const next = operator === 'MatMul' ? (flat ? 'Gemm' : 'com.microsoft.FusedMatMul') : operator;
    return g.op(next, [left ?? a, right ?? b, ...inputs.slice(2)], flags);
  },
  examples: [
    {
      before: `sample (float32[2,4,8] q, float32[2,4,8] k, float32[4,3] a, float32[4,2] b) => (float32[2,4,4] y, float32[3,2] z) {
  t = Transpose <perm=[0, 2, 1]>(k)
  y = MatMul(q, t)
  u = Transpose <perm=[1, 0]>(a)
  z = MatMul(u, b)
}
`,
      after: `sample (float32[2,4,8] q, float32[2,4,8] k, float32[4,3] a, float32[4,2] b) => (float32[2,4,4] y, float32[3,2] z) {
  y = com.microsoft.FusedMatMul <transA=0, transB=1>(q, k)
  z = Gemm <transA=1, transB=0>(a, b)
}
`,
    },
  ],
});

/** What was transposed, when only the last two axes changed places. */
function turned(value: TypedValue, { madeBy }: RewriteContext): TypedValue | undefined {
  const made = madeBy(value, 'Transpose');
  const rank = value.shape.length;
  const perm = made && readIntegers(made.attributes, 'perm');
  const swaps = rank >= 2 && perm?.every((axis, at) => axis === (at === rank - 1 ? rank - 2 : at === rank - 2 ? rank - 1 : at));
  return swaps ? made!.inputs[0] : undefined;
}
