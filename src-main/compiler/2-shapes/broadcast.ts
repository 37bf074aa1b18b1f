import type { Dim, Shape } from '../onnx/graph.ts';

/** The shape of an elementwise result — https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md */
export function broadcastShapes(left: Shape, right: Shape): Shape {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) =>
    broadcastDim(left[axis - rank + left.length] ?? 1, right[axis - rank + right.length] ?? 1),
  );
}

/** Axes of `wide` along which a tensor of shape `narrow` was repeated to reach it. */
export function repeatedAxes(wide: Shape, narrow: Shape): number[] {
  const missing = wide.length - narrow.length;
  return wide.flatMap((dim, axis) => (axis < missing || (narrow[axis - missing] === 1 && dim !== 1) ? [axis] : []));
}

export function sameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((dim, axis) => dim === right[axis]);
}

function broadcastDim(left: Dim, right: Dim): Dim {
  if (left === right || right === 1) return left;
  if (left === 1) return right;
  throw new Error(`Sizes ${left} and ${right} do not broadcast.`);
}
