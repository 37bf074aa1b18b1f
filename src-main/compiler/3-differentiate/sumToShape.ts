import { repeatedAxes, sameShape } from '../2-shapes/broadcast.ts';
import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { elementCount, type Shape } from '../onnx/graph.ts';

/** Undoes broadcasting: what was repeated forward is summed backward. The one place in the compiler that does. */
export function sumToShape(g: TypedOps, gradient: TypedValue, shape: Shape): TypedValue {
  if (sameShape(gradient.shape, shape)) return gradient;
  const axes = repeatedAxes(gradient.shape, shape);
  const leading = axes.every((axis, at) => axis === at);
  const kept = gradient.shape.slice(axes.length);
  if (leading && kept.length > 0) return g.reshape(sumRows(g, gradient, elementCount(kept)), shape);
  return g.reshape(g.reduceSum(gradient, axes, false), shape);
}

/**
 * Sum over all leading axes as ones·gradient: ONNX Runtime's ReduceSum over rows takes 36 µs for [128, 256], the product 4.
 * This is every bias gradient.
 */
function sumRows(g: TypedOps, gradient: TypedValue, columns: number): TypedValue {
  const rows = elementCount(gradient.shape) / columns;
  const ones = g.tensor(
    [1, rows],
    Array.from({ length: rows }, () => 1),
    gradient,
  );
  return g.matMul(ones, g.reshape(gradient, [rows, columns]));
}
