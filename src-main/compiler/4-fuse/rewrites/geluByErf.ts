import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite, type RewriteContext } from '../defineRewrite.ts';

/** GELU and its slope from the same error function of u = x/√2. */
export const geluByErf = defineRewrite({
  name: 'geluByErf',
  formula: 'u = √½ x, e = 1 + erf u:  Gelu(x) = √½ (u e),  Φ(x) + x φ(x) = ½ (e + u exp(ln(2/√π) − u²))',
  reason: 'erf is taken once for both passes, and the factors √½ and ½ move into products: 9 passes instead of 14.',
  exact: false,
  operators: ['Gelu', 'com.microsoft.Gelu', 'Add'],
  apply({ operator, inputs: [a, b], attributes }, context) {
    const { g } = context;
    if (operator !== 'Add') {
      const approximate = attributes['approximate']?.kind === 'string' && attributes['approximate'].value !== 'none';
      if (approximate) return undefined;
      const { u, e } = shared(g, a!);
      return g.mul(g.mul(u, e), g.scalar(Math.SQRT1_2, u));
    }
    const x = slopeOf(a!, b!, context) ?? slopeOf(b!, a!, context);
    if (!x) return undefined;
    const { u, e } = shared(g, x);
    const density = g.exp(g.sub(g.scalar(Math.log(2 / Math.sqrt(Math.PI)), u), g.mul(u, u)));
    return g.mul(g.add(e, g.mul(u, density)), g.scalar(0.5, u));
  },
  examples: [
    {
      before: `sample (float32[3] x) => (float32[3] y) {
  y = Gelu(x)
}
`,
      after: `sample (float32[3] x) => (float32[3] y) {
  constant = float32[] {0.7071068}
  constant_1 = float32[] {1}
  Mul = Mul(x, constant)
  Erf = Erf(Mul)
  Add = Add(Erf, constant_1)
  Mul_1 = Mul(Mul, Add)
  y = Mul(Mul_1, constant)
}
`,
    },
    {
      before: `sample (float32[3] x) => (float32[3] y) {
  root = float32[] {0.70710678}
  one = float32[] {1}
  half = float32[] {0.5}
  c = float32[] {-0.91893853}
  s = Mul(x, root)
  erf = Erf(s)
  e = Add(erf, one)
  distribution = Mul(e, half)
  square = Mul(x, x)
  halfSquare = Mul(square, half)
  exponent = Sub(c, halfSquare)
  density = Exp(exponent)
  rise = Mul(x, density)
  y = Add(distribution, rise)
}
`,
      after: `sample (float32[3] x) => (float32[3] y) {
  constant = float32[] {0.7071068}
  constant_1 = float32[] {1}
  constant_2 = float32[] {0.5}
  constant_4 = float32[] {0.1207822}
  s = Mul(x, constant)
  erf = Erf(s)
  e = Add(erf, constant_1)
  Mul_1 = Mul(s, s)
  Sub = Sub(constant_4, Mul_1)
  Exp = Exp(Sub)
  Mul_2 = Mul(s, Exp)
  Add_1 = Add(e, Mul_2)
  y = Mul(Add_1, constant_2)
}
`,
    },
  ],
});

function shared(g: TypedOps, x: TypedValue): { u: TypedValue; e: TypedValue } {
  const u = g.mul(x, g.scalar(Math.SQRT1_2, x));
  return { u, e: g.add(g.op('Erf', [u]), g.scalar(1, x)) };
}

/** x where left = ½(1 + erf(√½ x)) and right = x·exp(c − ½x²), as the gradient rules of GELU write them. */
function slopeOf(left: TypedValue, right: TypedValue, context: RewriteContext): TypedValue | undefined {
  const { madeBy } = context;
  const sum = factor(left, 0.5, context);
  const erf = sum && term(sum, 1, context);
  const inner = madeBy(erf, 'Erf')?.inputs[0];
  const x = inner && factor(inner, Math.SQRT1_2, context);
  const [p, q] = madeBy(right, 'Mul')?.inputs ?? [];
  if (!x || !p || !q) return undefined;
  const exponent = madeBy(p.name === x.name ? q : p, 'Exp')?.inputs[0];
  const [c, halfSquare] = madeBy(exponent, 'Sub')?.inputs ?? [];
  const square = halfSquare && factor(halfSquare, 0.5, context);
  const [s, t] = madeBy(square, 'Mul')?.inputs ?? [];
  const constant = context.uniform(c);
  const isSlope = constant !== undefined && close(constant, -0.5 * Math.log(2 * Math.PI)) && s?.name === x.name && t?.name === x.name;
  return isSlope && [p.name, q.name].includes(x.name) ? x : undefined;
}

function factor(value: TypedValue, number: number, { madeBy, uniform }: RewriteContext): TypedValue | undefined {
  const [a, b] = madeBy(value, 'Mul')?.inputs ?? [];
  return matching(a, b, number, uniform);
}

function term(value: TypedValue, number: number, { madeBy, uniform }: RewriteContext): TypedValue | undefined {
  const [a, b] = madeBy(value, 'Add')?.inputs ?? [];
  return matching(a, b, number, uniform);
}

function matching(
  a: TypedValue | undefined,
  b: TypedValue | undefined,
  number: number,
  uniform: RewriteContext['uniform'],
): TypedValue | undefined {
  if (close(uniform(b), number)) return a;
  return close(uniform(a), number) ? b : undefined;
}

/** Constants were rounded to float32. */
function close(value: number | undefined, number: number): boolean {
  return value !== undefined && Math.abs(value - number) <= 1e-7 * Math.abs(number);
}
