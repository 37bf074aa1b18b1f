import { eachIndex, elementAt, fill, numberAttribute, offsetIn, textAttribute, type Operator } from './tensors.ts';

export const indexing: Readonly<Record<string, Operator>> = {
  Gather: ([x, indices], { attributes }) => {
    const axis = (numberAttribute(attributes, 'axis', 0) + x!.shape.length) % x!.shape.length;
    const rank = indices!.shape.length;
    return fill([...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], (index) => {
      const picked = elementAt(indices!, index.slice(axis, axis + rank));
      return elementAt(x!, [...index.slice(0, axis), picked < 0 ? picked + x!.shape[axis]! : picked, ...index.slice(axis + rank)]);
    });
  },
  GatherElements: ([x, indices], { attributes }) => {
    const axis = (numberAttribute(attributes, 'axis', 0) + x!.shape.length) % x!.shape.length;
    return fill(indices!.shape, (index) => {
      const picked = elementAt(indices!, index);
      return x!.data[offsetIn(x!.shape, index.with(axis, picked < 0 ? picked + x!.shape[axis]! : picked))]!;
    });
  },
  ScatterElements: ([x, indices, updates], { attributes }) => {
    const data = x!.data.slice();
    const axis = (numberAttribute(attributes, 'axis', 0) + x!.shape.length) % x!.shape.length;
    const reduction = textAttribute(attributes, 'reduction', 'none');
    const combine = {
      none: (_: number, b: number) => b,
      add: (a: number, b: number) => a + b,
      mul: (a: number, b: number) => a * b,
      max: Math.max,
      min: Math.min,
    }[reduction]!;
    eachIndex(indices!.shape, (index, offset) => {
      const picked = elementAt(indices!, index);
      const to = offsetIn(x!.shape, index.with(axis, picked < 0 ? picked + x!.shape[axis]! : picked));
      data[to] = combine(data[to]!, updates!.data[offset]!);
    });
    return { shape: x!.shape, data };
  },
};
