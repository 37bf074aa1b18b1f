import {
  broadcast,
  eachIndex,
  elementAt,
  fill,
  integersAttribute,
  numberAttribute,
  offsetIn,
  size,
  tensor,
  textAttribute,
  type Operator,
  type ReferenceTensor,
} from './tensors.ts';

export const shape: Readonly<Record<string, Operator>> = {
  Shape: ([x], { attributes }) => {
    const from = numberAttribute(attributes, 'start', 0);
    const sizes = x!.shape.slice(from, numberAttribute(attributes, 'end', x!.shape.length));
    return tensor([sizes.length], sizes);
  },
  Size: ([x]) => tensor([], [size(x!.shape)]),
  Constant: (_, { attributes }) => {
    const [attribute] = Object.values(attributes);
    if (attribute?.kind === 'tensor') return tensor(attribute.value.shape, attribute.value.data as Iterable<number>);
    if (attribute?.kind === 'ints' || attribute?.kind === 'floats') return tensor([attribute.value.length], attribute.value);
    if (attribute?.kind === 'int' || attribute?.kind === 'float') return tensor([], [attribute.value]);
    throw new Error('Constant of text.');
  },
  ConstantOfShape: ([wanted], { attributes }) => {
    const { value } = attributes;
    const element = value?.kind === 'tensor' ? Number(value.value.data[0]) : 0;
    return fill([...wanted!.data], () => element);
  },
  Range: ([start, limit, delta]) => {
    const [from, to, by] = [start!.data[0]!, limit!.data[0]!, delta!.data[0]!];
    const length = Math.max(0, Math.ceil((to - from) / by));
    return tensor(
      [length],
      Array.from({ length }, (_, at) => from + at * by),
    );
  },
  EyeLike: ([x], { attributes }) => fill(x!.shape, ([row, column]) => Number(numberAttribute(attributes, 'k', 0) === column! - row!)),
  Trilu: ([x, k], { attributes }) => {
    const upper = numberAttribute(attributes, 'upper', 1) === 1;
    const diagonal = k?.data[0] ?? 0;
    return fill(x!.shape, (index) => {
      const off = index.at(-1)! - index.at(-2)!;
      return (upper ? off >= diagonal : off <= diagonal) ? elementAt(x!, index) : 0;
    });
  },
  Transpose: ([x], { attributes }) => transpose(x!, integersAttribute(attributes, 'perm') ?? [...x!.shape.keys()].toReversed()),
  Expand: ([x, wanted]) => fill(broadcast(x!.shape, [...wanted!.data]), (index) => elementAt(x!, index)),
  Tile: ([x, repeats]) =>
    fill(
      x!.shape.map((dim, axis) => dim * repeats!.data[axis]!),
      (index) =>
        elementAt(
          x!,
          index.map((at, axis) => at % x!.shape[axis]!),
        ),
    ),
  Reshape: ([x, wanted], { attributes }) => {
    const copies = numberAttribute(attributes, 'allowzero', 0) === 0;
    const dims = Array.from(wanted!.data, (dim, axis) => (dim === 0 && copies ? x!.shape[axis]! : dim));
    const fixed = dims.reduce((count, dim) => (dim === -1 ? count : count * dim), 1);
    return { shape: dims.map((dim) => (dim === -1 ? x!.data.length / fixed : dim)), data: x!.data };
  },
  Flatten: ([x], { attributes }) => {
    const axis = numberAttribute(attributes, 'axis', 1);
    const rows = size(x!.shape.slice(0, axis < 0 ? axis + x!.shape.length : axis));
    return { shape: [rows, x!.data.length / rows], data: x!.data };
  },
  Squeeze: ([x, axes]) => {
    const gone = axes ? Array.from(axes.data, (axis) => (axis + x!.shape.length) % x!.shape.length) : undefined;
    return { shape: x!.shape.filter((dim, axis) => (gone ? !gone.includes(axis) : dim !== 1)), data: x!.data };
  },
  Unsqueeze: ([x, axes]) => {
    const rank = x!.shape.length + axes!.data.length;
    const added = Array.from(axes!.data, (axis) => (axis + rank) % rank).toSorted((a, b) => a - b);
    return { shape: added.reduce<number[]>((dims, axis) => dims.toSpliced(axis, 0, 1), [...x!.shape]), data: x!.data };
  },
  Concat: (inputs, { attributes }) => {
    const [first] = inputs;
    const axis = (numberAttribute(attributes, 'axis', 0) + first!.shape.length) % first!.shape.length;
    const result = fill(first!.shape.with(axis, inputs.reduce((sum, each) => sum + each!.shape[axis]!, 0)), () => 0); // prettier-ignore
    let offset = 0;
    for (const each of inputs) {
      eachIndex(each!.shape, (index, at) => {
        result.data[offsetIn(result.shape, index.with(axis, index[axis]! + offset))] = each!.data[at]!;
      });
      offset += each!.shape[axis]!;
    }
    return result;
  },
  Split: ([x, sizes], { attributes, outputCount }) => {
    const axis = (numberAttribute(attributes, 'axis', 0) + x!.shape.length) % x!.shape.length;
    const whole = x!.shape[axis]!;
    const equal = Math.ceil(whole / outputCount);
    let start = 0;
    return Array.from({ length: outputCount }, (_, part) => {
      const count = sizes ? sizes.data[part]! : Math.min(equal, whole - start);
      const from = start;
      start += count;
      return fill(x!.shape.with(axis, count), (index) => elementAt(x!, index.with(axis, index[axis]! + from)));
    });
  },
  Slice: ([x, starts, ends, axes, steps]) =>
    Array.from(starts!.data).reduce((part, start, at) => {
      const axis = ((axes?.data[at] ?? at) + x!.shape.length) % x!.shape.length;
      return sliceAxis(part, axis, start, ends!.data[at]!, steps?.data[at] ?? 1);
    }, x!),
  Pad: ([x, pads, value, axes], { attributes }) => {
    const mode = textAttribute(attributes, 'mode', 'constant');
    const used = axes ? Array.from(axes.data, (axis) => (axis + x!.shape.length) % x!.shape.length) : [...x!.shape.keys()];
    return used.reduce(
      (padded, axis, at) => padAxis(padded, axis, pads!.data[at]!, pads!.data[at + used.length]!, mode, value?.data[0] ?? 0),
      x!,
    );
  },
  CenterCropPad: ([x, wanted], { attributes }) =>
    (integersAttribute(attributes, 'axes') ?? [...x!.shape.keys()]).reduce((part, listed, at) => {
      const axis = (listed + x!.shape.length) % x!.shape.length;
      const [from, to] = [x!.shape[axis]!, wanted!.data[at]!];
      const shift = from > to ? Math.floor((from - to) / 2) : -Math.floor((to - from) / 2);
      return fill(part.shape.with(axis, to), (index) => {
        const source = index[axis]! + shift;
        return source < 0 || source >= from ? 0 : elementAt(part, index.with(axis, source));
      });
    }, x!),
  ReverseSequence: ([x, lengths], { attributes }) => {
    const batch = numberAttribute(attributes, 'batch_axis', 1);
    const time = numberAttribute(attributes, 'time_axis', 0);
    return fill(x!.shape, (index) => {
      const length = lengths!.data[index[batch]!]!;
      return elementAt(x!, index[time]! < length ? index.with(time, length - 1 - index[time]!) : index);
    });
  },
  DepthToSpace: ([x], { attributes }) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const block = numberAttribute(attributes, 'blocksize', 1);
    const depth = channels / block ** 2;
    const byColumn = textAttribute(attributes, 'mode', 'DCR') === 'DCR';
    return fill([batch, depth, height * block, width * block], ([n, c, y, z]) => {
      const within = (y! % block) * block + (z! % block);
      const channel = byColumn ? within * depth + c! : c! * block ** 2 + within;
      return elementAt(x!, [n!, channel, Math.floor(y! / block), Math.floor(z! / block)]);
    });
  },
  SpaceToDepth: ([x], { attributes }) => {
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const block = numberAttribute(attributes, 'blocksize', 1);
    return fill([batch, channels * block ** 2, height / block, width / block], ([n, c, y, z]) => {
      const within = Math.floor(c! / channels);
      return elementAt(x!, [n!, c! % channels, y! * block + Math.floor(within / block), z! * block + (within % block)]);
    });
  },
};

export function transpose(x: ReferenceTensor, perm: readonly number[]): ReferenceTensor {
  return fill(
    perm.map((axis) => x.shape[axis]!),
    (index) =>
      elementAt(
        x,
        perm.reduce<number[]>(
          (source, axis, to) => source.with(axis, index[to]!),
          perm.map(() => 0),
        ),
      ),
  );
}

/** Python's x[start:end:step] with ONNX's clipping: both ends count from the back when negative, then are held in range. */
function sliceAxis(x: ReferenceTensor, axis: number, start: number, end: number, step: number): ReferenceTensor {
  const dim = x.shape[axis]!;
  const picked: number[] = [];
  const from = Math.min(step > 0 ? dim : dim - 1, Math.max(0, start < 0 ? start + dim : start));
  const to = Math.min(dim, Math.max(-1, end < 0 ? end + dim : end));
  for (let at = from; step > 0 ? at < to : at > to; at += step) picked.push(at);
  return fill(x.shape.with(axis, picked.length), (index) => elementAt(x, index.with(axis, picked[index[axis]!]!)));
}

/** Negative amounts cut first; then a margin is walked outwards, element by element. */
function padAxis(x: ReferenceTensor, axis: number, before: number, after: number, mode: string, value: number): ReferenceTensor {
  const first = Math.max(0, -before);
  const kept = x.shape[axis]! - first - Math.max(0, -after);
  const sources: (number | undefined)[] = Array.from({ length: kept }, (_, at) => first + at);
  const outwards = (at: number): number | undefined => {
    if (mode === 'constant') return undefined;
    let position = at;
    if (mode === 'edge') position = Math.min(Math.max(at, 0), kept - 1);
    while (mode === 'wrap' && (position < 0 || position >= kept)) position += position < 0 ? kept : -kept;
    while (mode === 'reflect' && (position < 0 || position >= kept)) position = position < 0 ? -position : 2 * (kept - 1) - position;
    return first + position;
  };
  for (let at = -1; at >= -before; at--) sources.unshift(outwards(at));
  for (let at = kept; at < kept + after; at++) sources.push(outwards(at));
  return fill(x.shape.with(axis, sources.length), (index) => {
    const source = sources[index[axis]!];
    return source === undefined ? value : elementAt(x, index.with(axis, source));
  });
}
