import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { Attributes, Dim, Shape } from '../../onnx/graph.ts';
import { broadcastShapes } from '../broadcast.ts';
import { constantIntegers, dataTypeOf, fixed, fromEnd, like, productOf, type ShapeRule } from './shapeRule.ts';
import { constantNumber, constantOf, imageSizes, padsOf, slicesOf, splitSizes } from './slicing.ts';

export const shape = {
  Shape: ({ inputs: [data], attributes }) => {
    const { start, end } = shapeRange(attributes, data!.shape.length);
    return { dtype: 'int64', shape: [end - start] };
  },
  Size: () => ({ dtype: 'int64', shape: [] }),
  Constant: ({ attributes }) => {
    const { dtype, shape: sizes } = constantOf(attributes);
    return { dtype, shape: sizes };
  },
  ConstantOfShape: ({ attributes, constant }) => {
    const { value } = attributes;
    return { dtype: value?.kind === 'tensor' ? value.value.dtype : 'float32', shape: constantIntegers(constant(0), 'input') };
  },
  Range: ({ inputs: [start], constant }) => {
    const [from, to, by] = ['start', 'limit', 'delta'].map((name, at) => constantNumber(constant(at), name)) as [number, number, number];
    return { dtype: start!.dtype, shape: [Math.max(0, Math.ceil((to - from) / by))] };
  },
  EyeLike: ({ inputs: [input], attributes }) => {
    if (input!.shape.length !== 2) throw new Error(`EyeLike: [${input!.shape.join()}] is not a matrix.`);
    const code = readInteger(attributes, 'dtype', 0);
    return { dtype: code === 0 ? input!.dtype : dataTypeOf(code), shape: input!.shape };
  },
  Trilu: (context) => {
    if (context.inputs[0]!.shape.length < 2) throw new Error('Trilu: the input needs at least two dimensions.');
    return like(context);
  },
  Transpose: ({ inputs: [data], attributes }) => {
    const perm = readIntegers(attributes, 'perm') ?? data!.shape.map((_, axis) => data!.shape.length - 1 - axis);
    return { dtype: data!.dtype, shape: perm.map((axis) => data!.shape[axis]!) };
  },
  Expand: ({ inputs: [data], constant }) => ({
    dtype: data!.dtype,
    shape: broadcastShapes(data!.shape, constantIntegers(constant(1), 'shape')),
  }),
  Tile: ({ inputs: [input], constant }) => {
    const repeats = constantIntegers(constant(1), 'repeats');
    if (repeats.length !== input!.shape.length)
      throw new Error(`Tile: ${repeats.length} repeats do not fit a tensor of rank ${input!.shape.length}.`);
    return {
      dtype: input!.dtype,
      shape: input!.shape.map((dim, axis) => (repeats[axis] === 1 ? dim : fixed(dim, 'A size to repeat') * repeats[axis]!)),
    };
  },
  Reshape: ({ inputs: [data], attributes, constant }) => {
    const copiesZero = readInteger(attributes, 'allowzero', 0) === 0;
    const wanted = constantIntegers(constant(1), 'shape').map((dim, axis): Dim => {
      if (dim !== 0 || !copiesZero) return dim;
      const copied = data!.shape[axis];
      if (copied === undefined) throw new Error(`Reshape: 0 at axis ${axis} copies no size of [${data!.shape.join()}].`);
      return copied;
    });
    return { dtype: data!.dtype, shape: fillFreeSize(data!.shape, wanted) };
  },
  Flatten: ({ inputs: [data], attributes }) => {
    const axis = readInteger(attributes, 'axis', 1);
    const split = axis < 0 ? axis + data!.shape.length : axis;
    return { dtype: data!.dtype, shape: [productOf(data!.shape.slice(0, split)), productOf(data!.shape.slice(split))] };
  },
  Squeeze: ({ inputs: [data, axesInput], constant }) => {
    const rank = data!.shape.length;
    const axes = axesInput
      ? constantIntegers(constant(1), 'axes').map((axis) => fromEnd(axis, rank))
      : data!.shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    for (const axis of axes)
      if (data!.shape[axis] !== 1) throw new Error(`Squeeze: axis ${axis} of [${data!.shape.join()}] is not of size 1.`);
    return { dtype: data!.dtype, shape: data!.shape.filter((_, axis) => !axes.includes(axis)) };
  },
  Unsqueeze: ({ inputs: [data], constant }) => {
    const listed = constantIntegers(constant(1), 'axes');
    const rank = data!.shape.length + listed.length;
    const axes = new Set(listed.map((axis) => fromEnd(axis, rank)));
    if (axes.size < listed.length) throw new Error(`Unsqueeze: the axes ${listed.join(', ')} name one twice.`);
    const old = data!.shape.values();
    return { dtype: data!.dtype, shape: Array.from({ length: rank }, (_, axis): Dim => (axes.has(axis) ? 1 : old.next().value!)) };
  },
  Concat: ({ inputs, attributes }) => {
    const [first] = inputs;
    const axis = fromEnd(readInteger(attributes, 'axis', 0), first!.shape.length);
    for (const each of inputs)
      if (each!.shape.length !== first!.shape.length || each!.shape.some((dim, at) => at !== axis && dim !== first!.shape[at]))
        throw new Error(`Concat: [${each!.shape.join()}] does not fit [${first!.shape.join()}] along axis ${axis}.`);
    if (inputs.length === 1) return first!;
    const total = inputs.reduce((sum, each) => sum + fixed(each!.shape[axis], 'A size along the axis of Concat'), 0);
    return { dtype: first!.dtype, shape: first!.shape.with(axis, total) };
  },
  Split: (context) => {
    const [input] = context.inputs;
    const axis = fromEnd(readInteger(context.attributes, 'axis', 0), input!.shape.length);
    if (context.outputCount === 1 && !context.inputs[1]) return input!;
    return splitSizes(context).map((part) => ({ dtype: input!.dtype, shape: input!.shape.with(axis, part) }));
  },
  Slice: (context) => {
    const [data] = context.inputs;
    return {
      dtype: data!.dtype,
      shape: slicesOf(context).reduce<Shape>((result, { axis, count }) => result.with(axis, count), data!.shape),
    };
  },
  Pad: (context) => {
    const [data] = context.inputs;
    const { before, after } = padsOf(context);
    return {
      dtype: data!.dtype,
      shape: data!.shape.map((dim, axis) => {
        const by = before[axis]! + after[axis]!;
        if (by === 0 && before[axis] === 0) return dim;
        const size = fixed(dim, 'A padded size') + by;
        if (size < 0) throw new Error(`Pad: more is cut from axis ${axis} of [${data!.shape.join()}] than it has.`);
        return size;
      }),
    };
  },
  CenterCropPad: ({ inputs: [input], attributes, constant }) => {
    const rank = input!.shape.length;
    const axes = (readIntegers(attributes, 'axes') ?? [...input!.shape.keys()]).map((axis) => fromEnd(axis, rank));
    const wanted = constantIntegers(constant(1), 'shape');
    if (wanted.length !== axes.length) throw new Error(`CenterCropPad: ${wanted.length} sizes for ${axes.length} axes.`);
    return { dtype: input!.dtype, shape: axes.reduce<Shape>((result, axis, at) => result.with(axis, wanted[at]!), input!.shape) };
  },
  ReverseSequence: (context) => {
    const [batch, time] = [readInteger(context.attributes, 'batch_axis', 1), readInteger(context.attributes, 'time_axis', 0)];
    if (batch === time || Math.max(batch, time) > 1)
      throw new Error(`ReverseSequence: axes ${time} (time) and ${batch} (batch) are not 0 and 1.`);
    return like(context);
  },
  DepthToSpace: ({ inputs: [input], attributes }) => {
    const [batch, channels, height, width] = imageSizes(input!.shape, 'DepthToSpace');
    const block = readInteger(attributes, 'blocksize', 1);
    if (channels % block ** 2 !== 0) throw new Error(`DepthToSpace: ${channels} channels are no multiple of ${block}².`);
    return { dtype: input!.dtype, shape: [batch, channels / block ** 2, height * block, width * block] };
  },
  SpaceToDepth: ({ inputs: [input], attributes }) => {
    const [batch, channels, height, width] = imageSizes(input!.shape, 'SpaceToDepth');
    const block = readInteger(attributes, 'blocksize', 1);
    if (height % block !== 0 || width % block !== 0) throw new Error(`SpaceToDepth: ${height} × ${width} is no multiple of ${block}.`);
    return { dtype: input!.dtype, shape: [batch, channels * block ** 2, height / block, width / block] };
  },
} satisfies Record<string, ShapeRule>;

/** The sizes that Shape gives: axes from `start` up to `end`, both counted from the back when negative, then clipped. */
export function shapeRange(attributes: Attributes, rank: number): { start: number; end: number } {
  const clip = (axis: number): number => Math.min(rank, Math.max(0, axis < 0 ? axis + rank : axis));
  const start = clip(readInteger(attributes, 'start', 0));
  return { start, end: Math.max(start, clip(readInteger(attributes, 'end', rank))) };
}

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
