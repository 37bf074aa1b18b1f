import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { fixed } from '../../2-shapes/rules/shapeRule.ts';

export interface ClassLossSettings {
  /** [C] */
  readonly weight: TypedValue | undefined;
  /** Class that counts nothing and need not exist. */
  readonly ignoreIndex: number | undefined;
  readonly reduction: string;
}

/**
 * −Σ w·log p of the true class, from `[N, C, d₁, …]` log-probabilities and `[N, d₁, …]` class numbers. The mean divides by
 * the sum of the weights that count, as ONNX defines it.
 */
export function classLoss(
  g: TypedOps,
  logProbabilities: TypedValue,
  target: TypedValue,
  { weight, ignoreIndex, reduction }: ClassLossSettings,
): TypedValue {
  const places = target.shape.map((dim) => fixed(dim, `A size of "${target.name}"`));
  const keep = ignoreIndex === undefined ? undefined : isOther(g, target, ignoreIndex);
  // An ignored class may lie outside the classes: class 0 is read in its place and counts nothing.
  const read = keep ? g.op('Where', [keep, target, likeIn(g, target, 0)]) : target;
  const column = g.reshape(read, [places[0]!, 1, ...places.slice(1)]);
  const picked = g.reshape(g.op('GatherElements', [logProbabilities, column], { axis: 1 }), places);
  const shares = sharesOf(g, weight && g.gather(weight, read), keep && g.cast(keep, picked.dtype));
  const losses = g.neg(shares ? g.mul(picked, shares) : picked);
  if (reduction === 'none') return losses;
  const axes = [...places.keys()];
  const sum = g.reduceSum(losses, axes, false);
  if (reduction === 'sum') return sum;
  const count = places.reduce((product, dim) => product * dim, 1);
  return g.div(sum, shares ? g.reduceSum(shares, axes, false) : g.scalar(count, sum));
}

function sharesOf(g: TypedOps, weights: TypedValue | undefined, kept: TypedValue | undefined): TypedValue | undefined {
  return weights && kept ? g.mul(weights, kept) : (weights ?? kept);
}

function isOther(g: TypedOps, target: TypedValue, index: number): TypedValue {
  return g.op('Not', [g.op('Equal', [target, likeIn(g, target, index)])]);
}

function likeIn(g: TypedOps, { dtype }: TypedValue, value: number): TypedValue {
  return g.constant(
    dtype === 'int32'
      ? { dtype, shape: [], data: Int32Array.of(value) }
      : { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) },
  );
}
