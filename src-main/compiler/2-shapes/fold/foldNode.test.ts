import { describe, expect, it } from 'vitest';
import { float, toAttribute, type AttributeInput } from '../../onnx/attributes.ts';
import type { TensorData } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { foldNode } from './foldNode.ts';

const int64 = (shape: readonly number[], values: readonly number[]): TensorData => tensorOf('int64', shape, values);
const float32 = (shape: readonly number[], values: readonly number[]): TensorData => tensorOf('float32', shape, values);

function fold(
  operator: string,
  inputs: readonly (TensorData | undefined)[],
  attributes: Readonly<Record<string, AttributeInput>> = {},
  outputCount = 1,
): readonly { shape: readonly number[]; values: readonly unknown[] }[] | undefined {
  const constants = inputs.map((each) => each && { dtype: each.dtype, shape: each.shape, constant: each });
  const given = Object.fromEntries(Object.entries(attributes).map(([name, each]) => [name, toAttribute(name, each)]));
  return foldNode(operator, constants, given, outputCount)?.map(({ shape, data }) => ({
    shape,
    values: Array.from(data as Iterable<unknown>, (each) => (typeof each === 'bigint' ? Number(each) : each)),
  }));
}

describe('sizes', () => {
  it('knows the shape of a value that is not constant, in parts too', () => {
    const value = { dtype: 'float32', shape: [2, 3, 4] } as const;
    const shape = (attributes = {}): unknown => foldNode('Shape', [value], attributes, 1)?.[0]!.data;
    expect(shape()).toEqual(BigInt64Array.of(2n, 3n, 4n));
    expect(shape({ start: { kind: 'int', value: 1 } })).toEqual(BigInt64Array.of(3n, 4n));
    expect(shape({ start: { kind: 'int', value: -3 }, end: { kind: 'int', value: -1 } })).toEqual(BigInt64Array.of(2n, 3n));
    expect(foldNode('Size', [value], {}, 1)?.[0]).toEqual({ dtype: 'int64', shape: [], data: BigInt64Array.of(24n) });
  });

  it('leaves the shape of a value with an open size to the runtime', () => {
    expect(foldNode('Shape', [{ dtype: 'float32', shape: ['N', 3] }], {}, 1)).toBeUndefined();
  });
});

describe('arithmetic', () => {
  it('divides integers towards zero and leaves a division by zero alone', () => {
    expect(fold('Div', [int64([2], [7, -7]), int64([], [2])])).toEqual([{ shape: [2], values: [3, -3] }]);
    expect(fold('Div', [int64([1], [7]), int64([1], [0])])).toBeUndefined();
  });

  it('takes the sign of Mod from the divisor, or with fmod from the dividend', () => {
    const inputs = [int64([2], [-4, 7]), int64([2], [3, -3])];
    expect(fold('Mod', inputs)).toEqual([{ shape: [2], values: [2, -2] }]);
    expect(fold('Mod', inputs, { fmod: 1 })).toEqual([{ shape: [2], values: [-1, 1] }]);
  });

  it('rounds each float32 result as the runtime does', () => {
    expect(fold('Add', [float32([1], [0.1]), float32([1], [0.2])])![0]!.values).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
  });

  it('chooses by a condition over three shapes', () => {
    const result = fold('Where', [tensorOf('bool', [2, 1], [1, 0]), float32([3], [1, 2, Number.NaN]), float32([], [9])]);
    expect(result).toEqual([{ shape: [2, 3], values: [1, 2, Number.NaN, 9, 9, 9] }]);
  });

  it('casts floats towards zero and does not invent an integer for infinity', () => {
    expect(fold('Cast', [float32([2], [1.9, -1.9])], { to: 7 })).toEqual([{ shape: [2], values: [1, -1] }]);
    expect(fold('Cast', [float32([1], [Infinity])], { to: 7 })).toBeUndefined();
  });
});

describe('movement', () => {
  it('gathers along any axis, counting back from the end', () => {
    const data = int64([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(fold('Gather', [data, int64([2], [-1, 0])], { axis: 1 })).toEqual([{ shape: [2, 2], values: [3, 1, 6, 4] }]);
    expect(fold('Gather', [data, int64([], [1])])).toEqual([{ shape: [3], values: [4, 5, 6] }]);
    expect(fold('Gather', [data, int64([], [2])])).toBeUndefined();
  });

  it('slices to the end, backwards and out of bounds', () => {
    const data = int64([5], [0, 1, 2, 3, 4]);
    const all: TensorData = { dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 63n - 1n) };
    const start: TensorData = { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 63n) + 1n) };
    expect(fold('Slice', [data, int64([1], [2]), all])![0]!.values).toEqual([2, 3, 4]);
    expect(fold('Slice', [data, int64([1], [-1]), start, int64([1], [0]), int64([1], [-2])])![0]!.values).toEqual([4, 2, 0]);
    const before: TensorData = { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) };
    expect(fold('Slice', [data, int64([1], [-1]), before, int64([1], [0]), int64([1], [-2])])![0]!.values).toEqual([4, 2, 0]);
    expect(fold('Slice', [data, int64([1], [7]), int64([1], [9])])).toEqual([{ shape: [0], values: [] }]);
  });

  it('splits into parts, the last one shorter', () => {
    const pieces = fold('Split', [int64([5], [1, 2, 3, 4, 5])], { num_outputs: 2 }, 2);
    expect(pieces).toEqual([
      { shape: [3], values: [1, 2, 3] },
      { shape: [2], values: [4, 5] },
    ]);
  });

  it('copies and infers sizes when it reshapes', () => {
    const data = int64([2, 6], [...Array(12).keys()]);
    expect(fold('Reshape', [data, int64([3], [0, -1, 2])])![0]!.shape).toEqual([2, 3, 2]);
  });

  it('finds what is not zero', () => {
    expect(fold('NonZero', [int64([2, 2], [1, 0, 1, 1])])).toEqual([{ shape: [2, 3], values: [0, 1, 1, 0, 0, 1] }]);
  });
});

it('evaluates the chain that exporters write around Reshape', () => {
  const value = { dtype: 'float32', shape: [2, 7, 12] } as const;
  const [sizes] = foldNode('Shape', [value], {}, 1)!;
  const batch = fold('Gather', [sizes, int64([], [0])])![0]!;
  const wide = fold('Unsqueeze', [int64([], batch.values as number[]), int64([1], [0])])![0]!;
  expect(fold('Concat', [int64(wide.shape, wide.values as number[]), int64([3], [-1, 4, 3])], { axis: 0 })).toEqual([
    { shape: [4], values: [2, -1, 4, 3] },
  ]);
});

it('does not evaluate what is large, unknown or not constant', () => {
  expect(fold('ConstantOfShape', [int64([2], [1000, 1000])])).toBeUndefined();
  expect(fold('Tile', [float32([2], [1, 2]), int64([1], [1_000_000])])).toBeUndefined();
  expect(fold('Add', [{ dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 60n) }, int64([], [1])])).toBeUndefined();
  expect(fold('MatMul', [float32([1, 1], [1]), float32([1, 1], [1])])).toBeUndefined();
  expect(foldNode('Neg', [{ dtype: 'float32', shape: [1] }], {}, 1)).toBeUndefined();
});

it('reads every form of Constant but the sparse one', () => {
  const constant = (attributes: Readonly<Record<string, AttributeInput>>): unknown => fold('Constant', [], attributes);
  expect(constant({ value: int64([1], [3]) })).toEqual([{ shape: [1], values: [3] }]);
  expect(constant({ value_float: float(1.5) })).toEqual([{ shape: [], values: [1.5] }]);
  expect(constant({ value_ints: [1, 2] })).toEqual([{ shape: [2], values: [1, 2] }]);
  expect(constant({ value_string: 'a' })).toEqual([{ shape: [], values: ['a'] }]);
  expect(constant({ sparse_value: 1 })).toBeUndefined();
});
