import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

export interface RotationSettings {
  /** Pairs are neighbours, instead of one from each half. */
  readonly interleaved: boolean;
  /** How many of a head's features turn; 0 for all. */
  readonly turning: number;
}

/**
 * Turns pairs of features by their position's angles: x₁′ = x₁ cos − x₂ sin, x₂′ = x₁ sin + x₂ cos — Su et al. 2021,
 * https://arxiv.org/abs/2104.09864 §3.2.2. `x` [N, S, heads, size], `cos` and `sin` [N, S, turning/2].
 */
export function rotate(
  g: TypedOps,
  x: TypedValue,
  cos: TypedValue,
  sin: TypedValue,
  { interleaved, turning }: RotationSettings,
): TypedValue {
  const [rows, length, heads, size] = x.shape as readonly [number, number, number, number];
  const width = turning || size;
  const pairs = width / 2;
  const [turned, rest] = width === size ? [x] : g.node('Split', [x, g.graph.int64([width, size - width])], { axis: 3 }, 2);
  // As [.., 2, pairs] or, interleaved, [.., pairs, 2].
  const axis = interleaved ? 4 : 3;
  const paired = g.reshape(turned!, interleaved ? [rows, length, heads, pairs, 2] : [rows, length, heads, 2, pairs]);
  const [first, second] = g
    .node('Split', [paired], { axis, num_outputs: 2 }, 2)
    .map((each) => g.reshape(each, [rows, length, heads, pairs])) as [TypedValue, TypedValue];
  const [c, s] = [cos, sin].map((each) => g.reshape(each, [Number(each.shape[0]), length, 1, pairs])) as [TypedValue, TypedValue];
  const results = [g.sub(g.mul(first, c), g.mul(second, s)), g.add(g.mul(first, s), g.mul(second, c))];
  const parts = results.map((each) => g.reshape(each, interleaved ? [rows, length, heads, pairs, 1] : [rows, length, heads, 1, pairs]));
  const together = g.reshape(g.op('Concat', parts, { axis }), [rows, length, heads, width]);
  return rest ? g.op('Concat', [together, rest], { axis: 3 }) : together;
}

/** The same for [N, heads, S, size], or for heads side by side, [N, S, heads·size]. */
export function rotateHeads(
  g: TypedOps,
  x: TypedValue,
  heads: number,
  cos: TypedValue,
  sin: TypedValue,
  settings: RotationSettings,
): TypedValue {
  if (x.shape.length === 4) {
    const turned = rotate(g, g.transpose(x, [0, 2, 1, 3]), cos, sin, settings);
    return g.transpose(turned, [0, 2, 1, 3]);
  }
  const [rows, length, width] = x.shape as readonly [number, number, number];
  return g.reshape(rotate(g, g.reshape(x, [rows, length, heads, width / heads]), cos, sin, settings), [rows, length, width]);
}
