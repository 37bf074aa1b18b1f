import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import { broadcastShapes } from '../broadcast.ts';
import { broadcastOffset, count, eachIndex, integers, moved, positive, stridesOf, type Evaluator, type Numbers } from './numbers.ts';

/** Operators that move elements without changing them. */
export const movement: Readonly<Record<string, Evaluator>> = {
  Reshape: ([x, wanted], { attributes }) => {
    const keepZero = readInteger(attributes, 'allowzero', 0) === 1;
    const dims = Array.from(wanted!.data, (dim, axis) => (dim === 0 && !keepZero ? x!.shape[axis]! : dim));
    const known = dims.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
    return { ...x!, shape: dims.map((dim) => (dim === -1 ? x!.data.length / known : dim)) };
  },
  Flatten: ([x], { attributes }) => {
    const rows = count(x!.shape.slice(0, positive(readInteger(attributes, 'axis', 1), x!.shape.length)));
    return { ...x!, shape: [rows, rows === 0 ? 0 : x!.data.length / rows] };
  },
  Squeeze: ([x, axes]) => {
    const rank = x!.shape.length;
    const dropped = axes ? Array.from(axes.data, (axis) => positive(axis, rank)) : undefined;
    return { ...x!, shape: x!.shape.filter((dim, axis) => (dropped ? !dropped.includes(axis) : dim !== 1)) };
  },
  Unsqueeze: ([x, axes]) => {
    const rank = x!.shape.length + axes!.data.length;
    const added = new Set(Array.from(axes!.data, (axis) => positive(axis, rank)));
    const rest = [...x!.shape];
    return { ...x!, shape: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)) };
  },
  Transpose: ([x], { attributes }) => {
    const perm = readIntegers(attributes, 'perm') ?? x!.shape.map((_, axis) => x!.shape.length - 1 - axis);
    const strides = stridesOf(x!.shape);
    return moved(
      x!,
      perm.map((axis) => x!.shape[axis]!),
      (index) => perm.reduce((offset, axis, at) => offset + strides[axis]! * index[at]!, 0),
    );
  },
  Expand: ([x, wanted]) => {
    const strides = stridesOf(x!.shape);
    const shape = broadcastShapes(x!.shape, [...wanted!.data]) as number[];
    return moved(x!, shape, (index) => broadcastOffset(x!.shape, strides, index));
  },
  Tile: ([x, repeats]) => {
    const strides = stridesOf(x!.shape);
    return moved(
      x!,
      x!.shape.map((dim, axis) => dim * repeats!.data[axis]!),
      (index) => x!.shape.reduce((offset, dim, axis) => offset + strides[axis]! * (index[axis]! % dim), 0),
    );
  },
  Concat: (inputs, { attributes }) => {
    const parts = inputs as readonly Numbers[];
    const axis = positive(readInteger(attributes, 'axis', 0), parts[0]!.shape.length);
    const shape = parts[0]!.shape.with(
      axis,
      parts.reduce((sum, each) => sum + each.shape[axis]!, 0),
    );
    const data = new Float64Array(count(shape));
    const outer = count(shape.slice(0, axis));
    let offset = 0;
    for (let row = 0; row < outer; row++) {
      for (const part of parts) {
        const length = part.data.length / outer;
        data.set(part.data.subarray(row * length, (row + 1) * length), offset);
        offset += length;
      }
    }
    return { dtype: parts[0]!.dtype, shape, data };
  },
  Split: ([x, lengths], { attributes, outputCount }) => {
    const axis = positive(readInteger(attributes, 'axis', 0), x!.shape.length);
    const pieces = readInteger(attributes, 'num_outputs', outputCount);
    const chunk = Math.ceil(x!.shape[axis]! / pieces);
    const sizes = lengths ? [...lengths.data] : Array.from({ length: pieces }, (_, at) => Math.min(chunk, x!.shape[axis]! - at * chunk));
    let start = 0;
    return sizes.map((size) => {
      const piece = window(x!, axis, start, size, 1);
      start += size;
      return piece;
    });
  },
  Slice: ([x, starts, ends, axes, steps]) => {
    const rank = x!.shape.length;
    let result = x!;
    for (let at = 0; at < starts!.data.length; at++) {
      const axis = positive(axes?.data[at] ?? at, rank);
      const step = steps?.data[at] ?? 1;
      const dim = x!.shape[axis]!;
      const within = (value: number, low: number, high: number): number => Math.min(Math.max(value < 0 ? value + dim : value, low), high);
      // Backwards, it starts at the last element at most and may end before the first — https://onnx.ai/onnx/operators/onnx__Slice.html
      const start = step > 0 ? within(starts!.data[at]!, 0, dim) : within(starts!.data[at]!, 0, dim - 1);
      const end = step > 0 ? within(ends!.data[at]!, 0, dim) : within(ends!.data[at]!, -1, dim - 1);
      result = window(result, axis, start, Math.max(0, Math.ceil((end - start) / step)), step);
    }
    return result;
  },
  Gather: ([x, indices], { attributes }) => {
    const axis = positive(readInteger(attributes, 'axis', 0), x!.shape.length);
    const strides = stridesOf(x!.shape);
    const indexStrides = stridesOf(indices!.shape);
    const inner = axis + indices!.shape.length;
    const dim = x!.shape[axis]!;
    if (indices!.data.some((each) => positive(each, dim) < 0 || positive(each, dim) >= dim)) return undefined;
    return moved(x!, [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], (index) => {
      let [offset, chosen] = [0, 0];
      for (let at = 0; at < index.length; at++) {
        if (at < axis) offset += strides[at]! * index[at]!;
        else if (at < inner) chosen += indexStrides[at - axis]! * index[at]!;
        else offset += strides[at - indices!.shape.length + 1]! * index[at]!;
      }
      return offset + strides[axis]! * positive(indices!.data[chosen]!, dim);
    });
  },
  Trilu: ([x, k], { attributes }) => {
    const upper = readInteger(attributes, 'upper', 1) === 1;
    const diagonal = k?.data[0] ?? 0;
    const data = x!.data.slice();
    eachIndex(x!.shape, (index, offset) => {
      const above = index.at(-1)! - index.at(-2)!;
      if (upper ? above < diagonal : above > diagonal) data[offset] = 0;
    });
    return { ...x!, data };
  },
  NonZero: ([x]) => {
    const found: number[][] = [];
    eachIndex(x!.shape, (index, offset) => {
      if (x!.data[offset] !== 0) found.push([...index]);
    });
    return integers(
      x!.shape.flatMap((_, axis) => found.map((index) => index[axis]!)),
      'int64',
      [x!.shape.length, found.length],
    );
  },
  ScatterND: ([x, indices, updates], { attributes }) => {
    if (attributes['reduction'] && attributes['reduction'].value !== 'none') return undefined;
    const depth = indices!.shape.at(-1)!;
    const strides = stridesOf(x!.shape);
    const length = count(x!.shape.slice(depth));
    const data = x!.data.slice();
    for (let row = 0; row < indices!.data.length / depth; row++) {
      let offset = 0;
      for (let at = 0; at < depth; at++) offset += strides[at]! * positive(indices!.data[row * depth + at]!, x!.shape[at]!);
      data.set(updates!.data.subarray(row * length, (row + 1) * length), offset);
    }
    return { ...x!, data };
  },
};

/** `length` entries along one axis from `start` on, `step` apart. */
function window(x: Numbers, axis: number, start: number, length: number, step: number): Numbers {
  const strides = stridesOf(x.shape);
  return moved(x, x.shape.with(axis, length), (index) =>
    index.reduce((offset, at, each) => offset + strides[each]! * (each === axis ? start + at * step : at), 0),
  );
}
