import { eachIndex, elementAt, fill, numberAttribute, offsetIn, textAttribute, type Operator, type ReferenceTensor } from './tensors.ts';

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
    const combine = reductions[textAttribute(attributes, 'reduction', 'none')]!;
    eachIndex(indices!.shape, (index, offset) => {
      const picked = elementAt(indices!, index);
      const to = offsetIn(x!.shape, index.with(axis, picked < 0 ? picked + x!.shape[axis]! : picked));
      data[to] = combine(data[to]!, updates!.data[offset]!);
    });
    return { shape: x!.shape, data };
  },
  GatherND: ([x, indices], { attributes }) => {
    const batchDims = numberAttribute(attributes, 'batch_dims', 0);
    const depth = indices!.shape.at(-1)!;
    const tuples = indices!.shape.slice(0, -1);
    return fill([...tuples, ...x!.shape.slice(batchDims + depth)], (index) =>
      elementAt(x!, [
        ...index.slice(0, batchDims),
        ...tupleAt(x!, indices!, index.slice(0, tuples.length), batchDims),
        ...index.slice(tuples.length),
      ]),
    );
  },
  ScatterND: ([x, indices, updates], { attributes }) => {
    const data = x!.data.slice();
    const combine = reductions[textAttribute(attributes, 'reduction', 'none')]!;
    const tuples = indices!.shape.length - 1;
    eachIndex(updates!.shape, (index, offset) => {
      const to = offsetIn(x!.shape, [...tupleAt(x!, indices!, index.slice(0, tuples), 0), ...index.slice(tuples)]);
      data[to] = combine(data[to]!, updates!.data[offset]!);
    });
    return { shape: x!.shape, data };
  },
  TopK: ([x, k], { attributes }) => {
    const axis = (numberAttribute(attributes, 'axis', -1) + x!.shape.length) % x!.shape.length;
    const sign = numberAttribute(attributes, 'largest', 1) === 1 ? -1 : 1;
    const indices = fill(x!.shape.with(axis, k!.data[0]!), (index) => {
      const line = Array.from({ length: x!.shape[axis]! }, (_, at) => elementAt(x!, index.with(axis, at)));
      return [...line.keys()].toSorted((a, b) => sign * (line[a]! - line[b]!) || a - b)[index[axis]!]!;
    });
    return [fill(indices.shape, (index) => elementAt(x!, index.with(axis, elementAt(indices, index)))), indices];
  },
  OneHot: ([indices, depth, values], { attributes }) => {
    const rank = indices!.shape.length + 1;
    const axis = (numberAttribute(attributes, 'axis', -1) + rank) % rank;
    const count = depth!.data[0]!;
    const [off, on] = values!.data as unknown as [number, number];
    return fill(indices!.shape.toSpliced(axis, 0, count), (index) => {
      const hot = elementAt(indices!, index.toSpliced(axis, 1));
      return index[axis] === (hot < 0 ? hot + count : hot) ? on : off;
    });
  },
};

const reductions: Readonly<Record<string, (old: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

/** The index tuple at `place` in all axes of `indices` but the last, for the axes of x from `firstAxis` on. */
function tupleAt(x: ReferenceTensor, indices: ReferenceTensor, place: readonly number[], firstAxis: number): number[] {
  return Array.from({ length: indices.shape.at(-1)! }, (_, at) => {
    const listed = elementAt(indices, [...place, at]);
    return listed < 0 ? listed + x.shape[firstAxis + at]! : listed;
  });
}
