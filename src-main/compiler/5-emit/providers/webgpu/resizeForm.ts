import { attributesOf } from '../../../3-differentiate/backpropagate.ts';
import { resizingOf } from '../../../2-shapes/resizing.ts';
import type { PlannedNode, TypedOps, TypedValue } from '../../../2-shapes/typedOps.ts';
import { alongAxes } from '../../../gradients/pooling/alongAxes.ts';
import { interpolationMap } from '../../../gradients/pooling/interpolation.ts';
import { resize } from '../../../gradients/pooling/Resize.ts';
import { readInteger } from '../../../onnx/attributes.ts';
import { contextOf } from '../../../gradients/shape/placing.ts';

/** A Resize with antialias as products with its weights, axis by axis. */
export function interpolated(g: TypedOps, node: PlannedNode): readonly TypedValue[] | undefined {
  if (readInteger(node.attributes, 'antialias', 0) === 0) return undefined;
  const interpolation = attributesOf(resize.attributes, node.attributes) as typeof resize.attributes;
  const maps = resizingOf(contextOf(g, node)).map((each) => interpolationMap(each, interpolation));
  return [alongAxes(g, node.inputs[0]!, maps)];
}
