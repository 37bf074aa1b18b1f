import { eachIndex, integersAttribute, numberAttribute, offsetIn, size, type Operator } from './tensors.ts';

export const reduction: Readonly<Record<string, Operator>> = {
  ReduceSum: reduce((values) => values.reduce((sum, each) => sum + each, 0)),
  ReduceMean: reduce((values) => values.reduce((sum, each) => sum + each, 0) / values.length),
};

/** Gathers the elements that meet in each place and hands them to `f`. */
function reduce(f: (values: readonly number[]) => number): Operator {
  return ([data, axesInput], { attributes }) => {
    const rank = data!.shape.length;
    const listed = axesInput ? [...axesInput.data] : [...(integersAttribute(attributes, 'axes') ?? [])];
    if (listed.length === 0 && numberAttribute(attributes, 'noop_with_empty_axes', 0)) return data!;
    const axes = new Set(listed.length > 0 ? listed.map((axis) => (axis + rank) % rank) : data!.shape.keys());
    const kept = data!.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
    const groups = Array.from({ length: size(kept) }, (): number[] => []);
    eachIndex(data!.shape, (index, offset) => groups[offsetIn(kept, index)]!.push(data!.data[offset]!));
    const shape = numberAttribute(attributes, 'keepdims', 1) ? kept : kept.filter((_, axis) => !axes.has(axis));
    return { shape, data: Float64Array.from(groups, f) };
  };
}
