import { eachIndex, elementAt, fill, integersAttribute, numberAttribute, offsetIn, size, type Operator } from './tensors.ts';

export const reduction: Readonly<Record<string, Operator>> = {
  ReduceSum: reduce(sum),
  ReduceMean: reduce((values) => sum(values) / values.length),
  ReduceMax: reduce((values) => Math.max(...values)),
  ReduceMin: reduce((values) => Math.min(...values)),
  ReduceProd: reduce((values) => values.reduce((product, each) => product * each, 1)),
  ReduceL1: reduce((values) => sum(values.map(Math.abs))),
  ReduceL2: reduce((values) => Math.sqrt(sum(values.map((each) => each * each)))),
  ReduceLogSum: reduce((values) => Math.log(sum(values))),
  ReduceLogSumExp: reduce((values) => {
    const max = Math.max(...values);
    return Number.isFinite(max) ? max + Math.log(sum(values.map((each) => Math.exp(each - max)))) : max;
  }),
  ReduceSumSquare: reduce((values) => sum(values.map((each) => each * each))),
  ArgMax: argument(Math.max),
  ArgMin: argument(Math.min),
  CumSum: ([x, axisInput], { attributes }) => {
    const axis = (axisInput!.data[0]! + x!.shape.length) % x!.shape.length;
    const [exclusive, reverse] = [numberAttribute(attributes, 'exclusive', 0), numberAttribute(attributes, 'reverse', 0)];
    return fill(x!.shape, (index) => {
      let total = 0;
      for (let at = 0; at < x!.shape[axis]!; at++) {
        const before = reverse ? at > index[axis]! : at < index[axis]!;
        if (before || (at === index[axis]! && !exclusive)) total += elementAt(x!, index.with(axis, at));
      }
      return total;
    });
  },
};

/** Gathers the elements that meet in each place and hands them to `f`. */
function reduce(f: (values: readonly number[]) => number): Operator {
  return ([data, axesInput], { attributes }) => {
    const rank = data!.shape.length;
    const listed = axesInput ? [...axesInput.data] : [...(integersAttribute(attributes, 'axes') ?? [])];
    // With `noop_with_empty_axes` every element is a group of its own: a sum of squares still squares it.
    const all = numberAttribute(attributes, 'noop_with_empty_axes', 0) ? [] : data!.shape.keys();
    const axes = new Set(listed.length > 0 ? listed.map((axis) => (axis + rank) % rank) : all);
    const kept = data!.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
    const groups = Array.from({ length: size(kept) }, (): number[] => []);
    eachIndex(data!.shape, (index, offset) => groups[offsetIn(kept, index)]!.push(data!.data[offset]!));
    const shape = numberAttribute(attributes, 'keepdims', 1) ? kept : kept.filter((_, axis) => !axes.has(axis));
    return { shape, data: Float64Array.from(groups, f) };
  };
}

/** Position of the extremum along one axis: the first one, or the last with `select_last_index`. */
function argument(extremum: (...values: number[]) => number): Operator {
  return ([data], { attributes }) => {
    const axis = (numberAttribute(attributes, 'axis', 0) + data!.shape.length) % data!.shape.length;
    const last = numberAttribute(attributes, 'select_last_index', 0) !== 0;
    const kept = data!.shape.with(axis, 1);
    const { data: found } = fill(kept, (index) => {
      const line = Array.from({ length: data!.shape[axis]! }, (_, at) => elementAt(data!, [...index].with(axis, at)));
      const best = extremum(...line);
      return last ? line.lastIndexOf(best) : line.indexOf(best);
    });
    return { shape: numberAttribute(attributes, 'keepdims', 1) ? kept : kept.filter((_, at) => at !== axis), data: found };
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
