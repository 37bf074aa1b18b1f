import { defineRewrite } from '../defineRewrite.ts';

/** Further out 1/c, or a product with it, leaves the range of float32. */
const [least, most] = [2 ** -64, 2 ** 64];

/** A division by a number becomes a factor, which other rewrites move into products. */
export const divisionByNumber = defineRewrite({
  name: 'divisionByNumber',
  formula: 'x / c = x · (1/c)',
  reason:
    'Exporters divide attention scores by √d, forward and backward: as a factor it goes into the products, a pass over all scores less each.',
  exact: false,
  operators: ['Div'],
  apply({ inputs }, { g, uniform }) {
    const [x, number] = inputs as [NonNullable<(typeof inputs)[0]>, NonNullable<(typeof inputs)[0]>];
    const divisor = uniform(number);
    if (divisor === undefined || uniform(x) !== undefined || number.shape.length > x.shape.length) return undefined;
    if (number.shape.some((dim) => dim !== 1) || Math.abs(divisor) < least || Math.abs(divisor) > most) return undefined;
    return g.mul(x, g.scalar(1 / divisor, x));
  },
  examples: [
    {
      before: `sample (float32[2,3] x) => (float32[2,3] y) {
  root = float32[] {4}
  y = Div(x, root)
}
`,
      after: `sample (float32[2,3] x) => (float32[2,3] y) {
  constant_1 = float32[] {0.25}
  y = Mul(x, constant_1)
}
`,
    },
  ],
});
