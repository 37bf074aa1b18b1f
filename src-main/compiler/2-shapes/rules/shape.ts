import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { Dim, Shape } from '../../onnx/graph.ts';
import { broadcastShapes } from '../broadcast.ts';
import { constantIntegers, productOf, type ShapeRule } from './shapeRule.ts';

export const shape = {
  Shape: ({ inputs: [data] }) => ({ dtype: 'int64', shape: [data!.shape.length] }),
  Transpose: ({ inputs: [data], attributes }) => {
    const perm = readIntegers(attributes, 'perm') ?? data!.shape.map((_, axis) => data!.shape.length - 1 - axis);
    return { dtype: data!.dtype, shape: perm.map((axis) => data!.shape[axis]!) };
  },
  Expand: ({ inputs: [data], constant }) => ({
    dtype: data!.dtype,
    shape: broadcastShapes(data!.shape, constantIntegers(constant(1), 'shape')),
  }),
  Reshape: ({ inputs: [data], constant }) => {
    const wanted = constantIntegers(constant(1), 'shape').map((dim, axis): Dim => (dim === 0 ? data!.shape[axis]! : dim));
    return { dtype: data!.dtype, shape: fillFreeSize(data!.shape, wanted) };
  },
  Flatten: ({ inputs: [data], attributes }) => {
    const axis = readInteger(attributes, 'axis', 1);
    const split = axis < 0 ? axis + data!.shape.length : axis;
    return { dtype: data!.dtype, shape: [productOf(data!.shape.slice(0, split)), productOf(data!.shape.slice(split))] };
  },
} satisfies Record<string, ShapeRule>;

function fillFreeSize(from: Shape, wanted: Shape): Shape {
  const known = wanted.filter((dim) => dim !== -1);
  if (known.length === wanted.length) return wanted;
  const remaining = [...from];
  for (const dim of known.filter((each) => typeof each === 'string')) {
    if (!remaining.includes(dim)) throw new Error(`Reshape: the size "${dim}" is not in [${from.join()}].`);
    remaining.splice(remaining.indexOf(dim), 1);
  }
  const fixedSize = known.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  const names = remaining.filter((dim) => typeof dim === 'string');
  const size = remaining.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  if (names.length === 0) return wanted.map((dim) => (dim === -1 ? size / fixedSize : dim));
  if (names.length === 1 && size === fixedSize) return wanted.map((dim) => (dim === -1 ? names[0]! : dim));
  throw new Error(`Reshape: -1 of [${from.join()}] to [${wanted.join()}] is known only when the model runs.`);
}
