import { readInteger } from '../../onnx/attributes.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite } from '../defineRewrite.ts';

/** The row sums in the gradient of softmax, from the narrow tensors of attention instead of the scores. */
export const attentionRowSum = defineRewrite({
  name: 'attentionRowSum',
  formula: 'Σ_j P_ij (dO·Vᵀ)_ij = Σ_c dO_ic O_ic, where O = P·V',
  reason:
    'Dao et al. 2022, FlashAttention, https://arxiv.org/abs/2205.14135 §B.2: two passes over [tokens, width] instead of [tokens, tokens].',
  exact: false,
  operators: ['ReduceSum'],
  apply({ inputs: [data, axes], attributes }, { g, madeBy, find, constant }) {
    const along = constant(axes);
    const rank = data?.shape.length ?? 0;
    const last = along?.dtype === 'int64' && along.data.length === 1 && [BigInt(-1), BigInt(rank - 1)].includes(along.data[0]!);
    const [left, right] = madeBy(data, 'Mul')?.inputs ?? [];
    if (!last || !left || !right) return undefined;
    for (const [p, dP] of [
      [left, right],
      [right, left],
    ] as const) {
      const product = madeBy(dP, 'com.microsoft.FusedMatMul');
      if (!product || readInteger(product.attributes, 'transB', 0) !== 1 || readInteger(product.attributes, 'transA', 0) !== 0) continue;
      if (product.attributes['alpha']?.kind === 'float' && product.attributes['alpha'].value !== 1) continue;
      const [dO, v] = product.inputs as [TypedValue, TypedValue];
      const mixed = find('MatMul', [p, v])?.outputs[0];
      if (!mixed || Number(dO.shape.at(-1)) > Number(p.shape.at(-1))) continue;
      return g.op('ReduceSum', [g.mul(dO, mixed), axes!], attributes);
    }
    return undefined;
  },
  examples: [
    {
      before: `sample (float32[2,8,8] p, float32[2,8,4] v, float32[2,8,4] d) => (float32[2,8,4] o, float32[2,8,8] s) {
  axes = int64[1] {-1}
  o = MatMul(p, v)
  e = com.microsoft.FusedMatMul <transB=1>(d, v)
  m = Mul(e, p)
  r = ReduceSum(m, axes)
  s = Sub(e, r)
}
`,
      after: `sample (float32[2,8,8] p, float32[2,8,4] v, float32[2,8,4] d) => (float32[2,8,4] o, float32[2,8,8] s) {
  constant = int64[1] {-1}
  o = MatMul(p, v)
  e = com.microsoft.FusedMatMul <transB=1>(d, v)
  Mul = Mul(d, o)
  ReduceSum = ReduceSum(Mul, constant)
  s = Sub(e, ReduceSum)
}
`,
    },
  ],
});
