import type { PlannedNode, TypedOps, TypedValue } from '../../../2-shapes/typedOps.ts';
import { windowsSpread } from '../../../2-shapes/window.ts';
import { ints, readInteger } from '../../../onnx/attributes.ts';
import { pad, reverse } from '../../../gradients/shape/placing.ts';

/** A convolution in groups as one for each group. One channel to one channel is right as it is, up to two dimensions. */
export function groupsApart(g: TypedOps, node: PlannedNode): readonly TypedValue[] | undefined {
  return apart(g, 'Conv', node);
}

/** The same for ConvTranspose; in three dimensions it is the convolution of the spread input with the turned kernel. */
export function transposedInSpace(g: TypedOps, node: PlannedNode): readonly TypedValue[] | undefined {
  const groups = apart(g, 'ConvTranspose', node);
  const [x, w, bias] = node.inputs;
  if (groups || x!.shape.length < 5) return groups;
  const spatial = x!.shape.slice(2).map((_, axis) => axis + 2);
  const { image, strides, dilations, kernel, begins } = windowsSpread(
    'ConvTranspose',
    node.attributes,
    x!.shape.slice(2),
    w!.shape.slice(2),
  );
  const spread = spatial.reduce((value, axis) => spreadAxis(g, value, axis, strides[axis - 2]!), x!);
  const extents = kernel.map((size, axis) => (size - 1) * dilations[axis]!);
  const before = extents.map((extent, axis) => extent - begins[axis]!);
  const behind = image.map((size, axis) => size + extents[axis]! - before[axis]! - Number(spread.shape[axis + 2]));
  const padded = pad(g, spread, [0, 0, ...before], [0, 0, ...behind]);
  const turned = g.transpose(reverse(g, w!, spatial), [1, 0, ...spatial]);
  return [g.op('Conv', bias ? [padded, turned, bias] : [padded, turned], { dilations: ints(dilations) })];
}

function apart(g: TypedOps, operator: 'Conv' | 'ConvTranspose', { inputs, attributes }: PlannedNode): readonly TypedValue[] | undefined {
  const [x, w, bias] = inputs;
  const groups = readInteger(attributes, 'group', 1);
  const single = x!.shape[1] === groups && w!.shape[1] === 1 && (operator === 'ConvTranspose' || w!.shape[0] === groups);
  if (groups === 1 || (single && x!.shape.length < 5)) return undefined;
  const split = (value: TypedValue, axis: number): TypedValue[] => g.node('Split', [value], { axis, num_outputs: groups }, groups);
  const [images, kernels, biases] = [split(x!, 1), split(w!, 0), bias ? split(bias, 0) : []];
  const { group: _group, ...others } = attributes;
  const parts = images.map((image, at) => g.op(operator, [image, kernels[at]!, ...(bias ? [biases[at]!] : [])], others));
  return [g.op('Concat', parts, { axis: 1 })];
}

/** `stride` − 1 zeros between the elements of an axis. */
function spreadAxis(g: TypedOps, value: TypedValue, axis: number, stride: number): TypedValue {
  if (stride === 1) return value;
  const { shape } = value;
  const size = Number(shape[axis]);
  const column = g.reshape(value, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const none = column.shape.map(() => 0);
  const wide = g.reshape(pad(g, column, none, none.with(axis + 1, stride - 1)), shape.with(axis, size * stride));
  return pad(
    g,
    wide,
    shape.map(() => 0),
    shape.map((_, at) => (at === axis ? 1 - stride : 0)),
  );
}
