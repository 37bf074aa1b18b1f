import { numberAttribute, binary, unary, type Operator } from './tensors.ts';

/** ONNX element types that hold whole numbers, and the one that holds truth values. */
const integerTypes = new Set([2, 3, 4, 5, 6, 7, 12, 13]);
const boolType = 9;

export const elementwise: Readonly<Record<string, Operator>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Greater: binary((a, b) => Number(a > b)),
  GreaterOrEqual: binary((a, b) => Number(a >= b)),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Erf: unary(erf),
  Identity: unary((x) => x),
  Cast: ([x], { attributes }) => {
    const to = numberAttribute(attributes, 'to', 1);
    return {
      shape: x!.shape,
      data: x!.data.map((each) => (to === boolType ? Number(each !== 0) : integerTypes.has(to) ? Math.trunc(each) : each)),
    };
  },
  Clip: ([x, low, high]) => ({
    shape: x!.shape,
    data: x!.data.map((each) => Math.min(high?.data[0] ?? Infinity, Math.max(low?.data[0] ?? -Infinity, each))),
  }),
};

/** erf x = 2/√π e^{−x²} Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, all terms of one sign — https://dlmf.nist.gov/7.6#E2 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = 0;
  for (let term = x, n = 0; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 500; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
