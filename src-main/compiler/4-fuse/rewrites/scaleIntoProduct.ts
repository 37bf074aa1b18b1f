import { float, readInteger } from '../../onnx/attributes.ts';
import type { TapeEntry, TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

const products = ['MatMul', 'Gemm', 'com.microsoft.FusedMatMul'] as const;

/** A number that multiplies an input or the result of a product becomes its alpha, which costs nothing. */
export const scaleIntoProduct = defineRewrite({
  name: 'scaleIntoProduct',
  formula: 'α·(A·B) = (αA)·B = A·(αB) = FusedMatMul_α(A, B), Gemm_α(A, B)',
  reason: 'Attention scores are divided by √d, a mean is a sum times 1/n: a pass less over each such tensor.',
  exact: false,
  operators: ['Mul', ...products],
  apply({ operator, inputs, attributes }, context) {
    const { g, madeBy, readOnce } = context;
    if (operator === 'Mul') {
      const scaled = scaledBy(inputs as [TypedValue, TypedValue], context);
      if (!scaled || !readOnce(scaled.x)) return undefined;
      const product = products.map((each) => madeBy(scaled.x, each)).find(Boolean);
      return product && withAlpha(g, product, scaled.factor);
    }
    if (operator === 'MatMul' && inputs.some((each) => each!.shape.length < 2)) return undefined;
    for (const [at, input] of inputs.slice(0, 2).entries()) {
      const by = madeBy(input, 'Mul');
      const scaled = by && scaledBy(by.inputs as [TypedValue, TypedValue], context);
      if (!scaled) continue;
      const replaced = inputs.map((each, place) => (place === at ? scaled.x : each));
      return withAlpha(g, { operator, inputs: replaced, attributes }, scaled.factor);
    }
    return undefined;
  },
  examples: [
    {
      before: `sample (float32[2,4,8] q, float32[2,8,4] k, float32[3,4] a, float32[4,2] b) => (float32[2,4,4] y, float32[3,2] z) {
  scale = float32[] {0.5}
  two = float32[] {2}
  scores = MatMul(q, k)
  y = Mul(scores, scale)
  c = Mul(a, two)
  z = Gemm(c, b)
}
`,
      after: `sample (float32[2,4,8] q, float32[2,8,4] k, float32[3,4] a, float32[4,2] b) => (float32[2,4,4] y, float32[3,2] z) {
  y = com.microsoft.FusedMatMul <alpha=0.5f>(q, k)
  z = Gemm <alpha=2f>(a, b)
}
`,
    },
  ],
});

/** x · number, where the number does not widen x. */
function scaledBy([a, b]: [TypedValue, TypedValue], { uniform }: RewriteContext): { x: TypedValue; factor: number } | undefined {
  const [x, number] = uniform(b) === undefined ? [b, a] : [a, b];
  const factor = uniform(number);
  const narrow = number.shape.every((dim) => dim === 1) && number.shape.length <= x.shape.length;
  return factor === undefined || !narrow || uniform(x) !== undefined ? undefined : { x, factor };
}

function withAlpha(
  g: TypedOps,
  { operator, inputs, attributes }: Pick<TapeEntry, 'operator' | 'inputs' | 'attributes'>,
  factor: number,
): TypedValue | undefined {
  const alpha = attributes['alpha']?.kind === 'float' ? attributes['alpha'].value : 1;
  const scaled = { ...attributes, alpha: float(alpha * factor) };
  if (operator === 'Gemm') {
    // C is not scaled by alpha.
    return inputs[2] && readInteger(attributes, 'beta', 1) !== 0 ? undefined : g.op('Gemm', inputs.slice(0, 2), scaled);
  }
  if (operator !== 'MatMul') return g.op(operator, inputs, scaled);
  const flat = inputs.every((each) => each!.shape.length === 2);
  if (inputs.some((each) => each!.shape.length < 2)) return undefined;
  return g.op(flat ? 'Gemm' : 'com.microsoft.FusedMatMul', inputs, scaled);
}
