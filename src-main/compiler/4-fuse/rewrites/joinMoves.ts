import { readIntegers } from '../../onnx/attributes.ts';
import { defineRewrite } from '../defineRewrite.ts';

/** Two moves of the same data in a row are one. */
export const joinMoves = defineRewrite({
  name: 'joinMoves',
  formula: 'Reshape(Reshape(x)) = Reshape(x); Transpose_q(Transpose_p(x)) = Transpose_{p∘q}(x)',
  reason: 'The gradient of a reshape or transpose meets the next one. Each Transpose copies its tensor.',
  exact: true,
  operators: ['Reshape', 'Transpose'],
  apply({ operator, inputs: [x, shape], attributes }, { g, madeBy }) {
    const before = madeBy(x, operator);
    const source = before?.inputs[0];
    if (!source) return undefined;
    if (operator === 'Reshape') {
      const target = g.node('Reshape', [x!, shape!], attributes, 1)[0]!;
      return target.shape.every((dim) => typeof dim === 'number') ? g.reshape(source, target.shape) : undefined;
    }
    const [first, second] = [readIntegers(before.attributes, 'perm'), readIntegers(attributes, 'perm')];
    if (!first || !second) return undefined;
    return g.transpose(
      source,
      second.map((axis) => first[axis]!),
    );
  },
  examples: [
    {
      before: `sample (float32[2,3,4] x) => (float32[24] y, float32[4,2,3] t) {
  rows = int64[2] {6, 4}
  flat = int64[1] {-1}
  a = Reshape(x, rows)
  y = Reshape(a, flat)
  b = Transpose <perm=[1, 0, 2]>(x)
  t = Transpose <perm=[2, 1, 0]>(b)
}
`,
      after: `sample (float32[2,3,4] x) => (float32[24] y, float32[4,2,3] t) {
  constant_2 = int64[1] {24}
  y = Reshape(x, constant_2)
  t = Transpose <perm=[2, 0, 1]>(x)
}
`,
    },
  ],
});
