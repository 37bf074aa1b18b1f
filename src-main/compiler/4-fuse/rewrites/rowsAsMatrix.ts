import { readInteger } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite } from '../defineRewrite.ts';

/** A batch of matrices times one matrix is one product over all rows, and takes a bias along. */
export const rowsAsMatrix = defineRewrite({
  name: 'rowsAsMatrix',
  formula: 'FusedMatMul(A [n, t, k], B [k, m]) + b = Gemm(A as [n·t, k], B, b) as [n, t, m]',
  reason:
    'FusedMatMul goes through B once for each matrix of A: 28 instead of 13 ms for [8, 128, 1536]·[1536, 384] (while others computed).',
  exact: false,
  operators: ['com.microsoft.FusedMatMul', 'Add'],
  apply({ operator, inputs: [a, b], attributes }, { g, madeBy, readOnce }) {
    if (!a || !b) return undefined;
    if (operator === 'Add') {
      for (const [sum, bias] of [
        [a, b],
        [b, a],
      ] as const) {
        const moved = readOnce(sum) ? madeBy(sum, 'Reshape') : undefined;
        const product = moved && readOnce(moved.inputs[0]!) ? madeBy(moved.inputs[0], 'Gemm') : undefined;
        const fits = bias.shape.length === 1 && bias.shape[0] === sum.shape.at(-1) && product?.outputs[0]!.shape[1] === bias.shape[0];
        if (!product || !fits || product.inputs[2]) continue;
        return g.reshape(g.op('Gemm', [...product.inputs.slice(0, 2), bias], product.attributes), sum.shape);
      }
      return undefined;
    }
    if (a.shape.length < 3 || b.shape.length !== 2 || readInteger(attributes, 'transA', 0) !== 0) return undefined;
    const transB = readInteger(attributes, 'transB', 0);
    const columns = Number(b.shape[transB ? 0 : 1]);
    const rows: TypedValue = g.reshape(a, [elementCount(a.shape.slice(0, -1)), Number(a.shape.at(-1))]);
    const { alpha } = attributes;
    return g.reshape(g.op('Gemm', [rows, b], { ...(transB && { transB }), ...(alpha && { alpha }) }), [...a.shape.slice(0, -1), columns]);
  },
  examples: [
    {
      before: `sample (float32[2,3,4] a, float32[5,4] w, float32[5] bias) => (float32[2,3,5] y) {
  p = com.microsoft.FusedMatMul <transA=0, transB=1, alpha=0.5f>(a, w)
  y = Add(p, bias)
}
`,
      after: `sample (float32[2,3,4] a, float32[5,4] w, float32[5] bias) => (float32[2,3,5] y) {
  constant = int64[2] {6, 4}
  constant_1 = int64[3] {2, 3, 5}
  Reshape = Reshape(a, constant)
  Gemm_1 = Gemm <transB=1, alpha=0.5f>(Reshape, w, bias)
  y = Reshape(Gemm_1, constant_1)
}
`,
    },
  ],
});
