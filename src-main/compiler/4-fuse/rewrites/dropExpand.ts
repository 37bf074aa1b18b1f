import { broadcastShapes, sameShape } from '../../2-shapes/broadcast.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { defineRewrite } from '../defineRewrite.ts';

/** Elementwise operators broadcast by themselves. */
export const dropExpand = defineRewrite({
  name: 'dropExpand',
  formula: 'op(a, Expand(b)) = op(a, b) where a already has the shape',
  reason: 'A gradient that is spread over its input (mean, sum) is multiplied at once: the spread tensor need not exist.',
  exact: true,
  operators: ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'],
  apply({ operator, inputs }, { g, madeBy }) {
    if (inputs.length !== 2) return undefined;
    const [a, b] = inputs as [TypedValue, TypedValue];
    const shape = broadcastShapes(a.shape, b.shape);
    const [left, right] = [madeBy(a, 'Expand')?.inputs[0], madeBy(b, 'Expand')?.inputs[0]];
    if (right && sameShape(broadcastShapes(a.shape, right.shape), shape)) return g.op(operator, [a, right]);
    if (left && sameShape(broadcastShapes(left.shape, b.shape), shape)) return g.op(operator, [left, b]);
    return undefined;
  },
  examples: [
    {
      before: `sample (float32[2,3] x, float32[3] z) => (float32[2,3] y) {
  shape = int64[2] {2, 3}
  e = Expand(z, shape)
  y = Mul(e, x)
}
`,
      after: `sample (float32[2,3] x, float32[3] z) => (float32[2,3] y) {
  y = Mul(z, x)
}
`,
    },
  ],
});
