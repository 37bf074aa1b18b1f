import { readInteger } from '../../onnx/attributes.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** Rows that are multiplied by a number each are multiplied where they are narrow: before or behind a product. */
export const rowScaleThroughProduct = defineRewrite({
  name: 'rowScaleThroughProduct',
  formula: 'diag(k)·S·B = diag(k)·(S·B); Aᵀ·diag(k)·S = (diag(k)·A)ᵀ·S; 1ᵀ·diag(k)·S = kᵀ·S',
  reason: "The shares of the rows in the loss multiply the gradient of the logits, a classifier's or language model's widest tensor.",
  exact: false,
  operators: ['MatMul', 'Gemm', 'com.microsoft.FusedMatMul'],
  apply({ operator, inputs, attributes }, context) {
    const { g } = context;
    const [a, b] = inputs as [TypedValue, TypedValue];
    const transA = readInteger(attributes, 'transA', 0);
    const transB = readInteger(attributes, 'transB', 0);
    const hasC = inputs[2] !== undefined;
    if (transA === 0 && !hasC && b.shape.length === 2) {
      const rows = scaledRows(a, context);
      const width = Number(transB ? b.shape[0] : b.shape[1]);
      if (rows && width < Number(a.shape.at(-1))) return g.mul(g.op(operator, [rows.base, b], attributes), rows.scale);
    }
    if (a.shape.length !== 2 || b.shape.length !== 2) return undefined;
    if (transA === 1 && transB === 0) {
      const right = scaledRows(b, context);
      if (right && Number(a.shape[1]) < Number(b.shape[1]))
        return g.op(operator, [g.mul(a, right.scale), right.base, ...inputs.slice(2)], attributes);
      const left = scaledRows(a, context);
      if (left && Number(b.shape[1]) < Number(a.shape[1]))
        return g.op(operator, [left.base, g.mul(b, left.scale), ...inputs.slice(2)], attributes);
    }
    if (transA === 0 && transB === 0 && a.shape[0] === 1 && context.uniform(a) === 1) {
      const right = scaledRows(b, context);
      if (right) return g.op(operator, [g.reshape(right.scale, a.shape), right.base, ...inputs.slice(2)], attributes);
    }
    return undefined;
  },
  examples: [
    {
      before: `sample (float32[4,9] s, float32[4,1] k, float32[4,2] h, float32[9,2] w) => (float32[4,2] dh, float32[2,9] dw, float32[1,9] db) {
  ones = float32[1,4] {1, 1, 1, 1}
  d = Mul(s, k)
  dh = MatMul(d, w)
  dw = Gemm <transA=1>(h, d)
  db = MatMul(ones, d)
}
`,
      after: `sample (float32[4,9] s, float32[4,1] k, float32[4,2] h, float32[9,2] w) => (float32[4,2] dh, float32[2,9] dw, float32[1,9] db) {
  constant_1 = int64[2] {1, 4}
  MatMul = MatMul(s, w)
  dh = Mul(MatMul, k)
  Mul_1 = Mul(h, k)
  dw = Gemm <transA=1>(Mul_1, s)
  Reshape = Reshape(k, constant_1)
  db = MatMul(Reshape, s)
}
`,
    },
  ],
});

/** diag(scale)·base, also behind a Reshape that keeps the last axis. */
function scaledRows(value: TypedValue, context: RewriteContext): { base: TypedValue; scale: TypedValue } | undefined {
  const { g, madeBy } = context;
  const width = value.shape.at(-1);
  const reshaped = madeBy(value, 'Reshape');
  if (reshaped) {
    const source = reshaped.inputs[0]!;
    const rows = source.shape.at(-1) === width ? scaledRows(source, context) : undefined;
    if (!rows) return undefined;
    const perRow = [...source.shape.slice(0, -1), 1];
    return { base: g.reshape(rows.base, value.shape), scale: g.reshape(g.expand(rows.scale, perRow), [...value.shape.slice(0, -1), 1]) };
  }
  const [a, b] = madeBy(value, 'Mul')?.inputs ?? [];
  if (!a || !b) return undefined;
  const [base, scale] = b.shape.at(-1) === 1 ? [a, b] : [b, a];
  const fits = scale.shape.length === value.shape.length && scale.shape.at(-1) === 1 && Number(width) > 1;
  const full = base.shape.length === value.shape.length && base.shape.every((dim, at) => dim === value.shape[at]);
  return fits && full ? { base, scale } : undefined;
}
