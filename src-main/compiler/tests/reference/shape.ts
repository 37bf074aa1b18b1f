import {
  broadcast,
  elementAt,
  fill,
  integersAttribute,
  numberAttribute,
  size,
  tensor,
  type Operator,
  type ReferenceTensor,
} from './tensors.ts';

export const shape: Readonly<Record<string, Operator>> = {
  Shape: ([x]) => tensor([x!.shape.length], x!.shape),
  Transpose: ([x], { attributes }) => transpose(x!, integersAttribute(attributes, 'perm') ?? [...x!.shape.keys()].toReversed()),
  Expand: ([x, wanted]) => fill(broadcast(x!.shape, [...wanted!.data]), (index) => elementAt(x!, index)),
  Reshape: ([x, wanted]) => {
    const dims = Array.from(wanted!.data, (dim, axis) => (dim === 0 ? x!.shape[axis]! : dim));
    const fixed = dims.reduce((count, dim) => (dim === -1 ? count : count * dim), 1);
    return { shape: dims.map((dim) => (dim === -1 ? x!.data.length / fixed : dim)), data: x!.data };
  },
  Flatten: ([x], { attributes }) => {
    const axis = numberAttribute(attributes, 'axis', 1);
    const rows = size(x!.shape.slice(0, axis < 0 ? axis + x!.shape.length : axis));
    return { shape: [rows, x!.data.length / rows], data: x!.data };
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
