import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { backpropagate, gradientsOf } from './backpropagate.ts';

/**
 * Products of the Hessian of a scalar with a direction: H·v = ∇(∇f · v), one tensor per entry of `wrt` in its shape.
 * Zeros where the gradient does not depend on a value.
 *
 * Source: Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994) 147–160; as a gradient of a
 * gradient: Griewank & Walther, Evaluating Derivatives (2008), §5.4.
 */
export function hessianVector(
  g: TypedOps,
  scalar: TypedValue,
  wrt: readonly TypedValue[],
  directions: readonly TypedValue[],
): TypedValue[] {
  const slope = gradientsOf(g, scalar, wrt)
    .map((each, at) => g.reduceSum(g.mul(each, directions[at]!), [...each.shape.keys()], false))
    .reduce((sum, each) => g.add(sum, each));
  return backpropagate(g, [{ value: slope, gradient: g.filledLike(slope, 1) }], wrt).map((each, at) => each ?? g.filledLike(wrt[at]!));
}
