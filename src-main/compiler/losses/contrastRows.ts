import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { weightedSum } from './defineLoss.ts';

/**
 * −Σ share_i ln softmax(row i)_i of a square matrix [batch, batch]. Columns of rows without a share take no part:
 * they are padding.
 */
export function softmaxCrossEntropyOfRows(g: TypedOps, logits: TypedValue, rowShares: TypedValue): TypedValue {
  const size = Number(logits.shape[0]);
  const real = g.greaterMask(rowShares, g.scalar(0, rowShares));
  // Large enough that exp gives 0, small enough that a padding row's own logits stay finite.
  const barred = g.mul(g.sub(real, g.scalar(1, real)), g.scalar(1e9, real));
  const masked = g.add(logits, g.reshape(barred, [1, size]));
  const identity = g.tensor(
    [size, size],
    Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0)),
    logits,
  );
  const own = g.reduceSum(g.mul(g.op('LogSoftmax', [masked], { axis: -1 }), identity), [1], false);
  // A padding row's own logit is barred: its loss is large, but its share is 0.
  return g.neg(weightedSum(g, own, rowShares));
}
