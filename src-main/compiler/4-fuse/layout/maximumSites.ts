import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { GraphNode } from '../../onnx/graph.ts';
import type { BlockedValues, Quarters } from './BlockedValues.ts';
import type { Site } from './site.ts';

/** MaxPool over 2×2, from quarters. */
export function maximum({ node, values }: Site): boolean {
  const [x] = node.inputs as [string];
  if (!isHalving(node) || !values.isBlocked(x)) return false;
  const { g } = values;
  const quarters = values.quarters(x) ?? split(values, x);
  if (!quarters) return false;
  const [top, bottom] = [g.op('Max', quarters.slice(0, 2)), g.op('Max', quarters.slice(2))];
  values.setBlocked(node.outputs[0]!, g.op('Max', [top, bottom]));
  // Stands for the indices, of which only the maximum's gradient asks.
  if (node.outputs[1]) values.setQuarters(node.outputs[1], quarters);
  return true;
}

/** Routes each gradient to the first of the four that was the maximum. */
export function maximumGradient({ node, values, graph }: Site): boolean {
  if (node.opType !== 'MaxUnpool') return false;
  const [d, indices] = node.inputs as [string, string];
  const quarters = values.quarters(indices);
  const pool = graph.maker(indices);
  if (!quarters || !pool) return false;
  const { g } = values;
  const dy = values.blocked(d);
  const wins = (a: TypedValue, b: TypedValue): TypedValue => g.cast(g.op('GreaterOrEqual', [a, b]), dy.dtype);
  const [a, b, c, e] = quarters;
  const top = g.mul(dy, wins(g.op('Max', [a, b]), g.op('Max', [c, e])));
  const bottom = g.sub(dy, top);
  const [topLeft, bottomLeft] = [g.mul(top, wins(a, b)), g.mul(bottom, wins(c, e))];
  values.setQuarters(node.outputs[0]!, [topLeft, g.sub(top, topLeft), bottomLeft, g.sub(bottom, bottomLeft)], dy);
  return true;
}

/** MaxPool that halves both sides. */
export function isHalving({ opType, attributes }: GraphNode): boolean {
  const two = (name: string): boolean => readIntegers(attributes, name)?.join() === '2,2';
  const none = (name: string, value: number): boolean => readIntegers(attributes, name)?.every((each) => each === value) ?? true;
  const plain =
    readInteger(attributes, 'ceil_mode', 0) === 0 && readInteger(attributes, 'storage_order', 0) === 0 && !attributes['auto_pad'];
  return opType === 'MaxPool' && two('kernel_shape') && two('strides') && none('pads', 0) && none('dilations', 1) && plain;
}

/** Cuts an image into quarters: two passes. */
function split(values: BlockedValues, x: string): Quarters | undefined {
  const { g, block } = values;
  const image = values.blocked(x);
  const [rows, channels, height, width] = image.shape.map(Number) as [number, number, number, number];
  if (height % 2 !== 0 || width % 2 !== 0) return undefined;
  const lines = g.reshape(image, [(rows * channels * height) / block / 2, 2 * width * block]);
  const quarters = g.node('Split', [lines], { axis: 1, num_outputs: 2 }, 2).flatMap((each) => {
    const pairs = g.reshape(each, [(rows * channels * height * width) / block / 4, 2 * block]);
    return g.node('Split', [pairs], { axis: 1, num_outputs: 2 }, 2).map((half) => g.reshape(half, [rows, channels, height / 2, width / 2]));
  });
  return quarters as unknown as Quarters;
}
