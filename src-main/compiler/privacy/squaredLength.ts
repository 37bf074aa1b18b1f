import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';

/** Sum of the squares of all elements of all tensors: the squared length of a gradient. */
export function squaredLength(g: TypedOps, gradients: readonly TypedValue[]): TypedValue {
  return gradients.map((each) => g.reduceSum(g.mul(each, each), [...each.shape.keys()], false)).reduce((sum, each) => g.add(sum, each));
}
