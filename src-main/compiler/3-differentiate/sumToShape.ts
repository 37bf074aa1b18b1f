import { repeatedAxes, sameShape } from '../2-shapes/broadcast.ts';
import { sumOver } from '../2-shapes/sumOver.ts';
import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { Shape } from '../onnx/graph.ts';

/** Undoes broadcasting: what was repeated forward is summed backward. The one place in the compiler that does. */
export function sumToShape(g: TypedOps, gradient: TypedValue, shape: Shape): TypedValue {
  if (sameShape(gradient.shape, shape)) return gradient;
  return g.reshape(sumOver(g, gradient, repeatedAxes(gradient.shape, shape)), shape);
}
