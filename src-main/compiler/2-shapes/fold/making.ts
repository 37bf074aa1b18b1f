import { readInteger } from '../../onnx/attributes.ts';
import { dataTypeCodes, type TensorData } from '../../onnx/graph.ts';
import { count, dataTypeName, eachIndex, integers, toNumbers, type Evaluator, type Numbers } from './numbers.ts';

/** Operators that make tensors from sizes and numbers. */
export const making: Readonly<Record<string, Evaluator>> = {
  ConstantOfShape: ([sizes], { attributes }) => {
    const value = attributes['value']?.kind === 'tensor' ? toNumbers(attributes['value'].value) : zero;
    if (!value) return undefined;
    const shape = [...sizes!.data];
    return { dtype: value.dtype, shape, data: new Float64Array(count(shape)).fill(value.data[0]!) };
  },
  Range: ([start, limit, delta]) => {
    const [from, to, by] = [start!.data[0]!, limit!.data[0]!, delta!.data[0]!];
    const length = Math.max(0, Math.ceil((to - from) / by));
    return { dtype: start!.dtype, shape: [length], data: Float64Array.from({ length }, (_, at) => from + at * by) };
  },
  EyeLike: ([like], { attributes }) => {
    const code = readInteger(attributes, 'dtype', 0);
    const dtype = code === 0 ? like!.dtype : dataTypeName(dataTypeCodes, code);
    if (!dtype) return undefined;
    const data = new Float64Array(like!.data.length);
    const k = readInteger(attributes, 'k', 0);
    eachIndex(like!.shape, (index, offset) => {
      const [row, column] = index as [number, number];
      data[offset] = Number(column - row === k);
    });
    return { dtype, shape: like!.shape, data };
  },
};

const zero: Numbers = { dtype: 'float32', shape: [1], data: Float64Array.of(0) };

/** `Constant` in all its forms: a tensor, numbers, text. Undefined for a sparse tensor. */
export function constantTensor(attributes: Parameters<Evaluator>[1]['attributes']): TensorData | undefined {
  const [name, attribute] = Object.entries(attributes).find(([key]) => key.startsWith('value')) ?? [];
  switch (name) {
    case 'value':
      return attribute!.kind === 'tensor' ? attribute!.value : undefined;
    case 'value_float':
      return { dtype: 'float32', shape: [], data: Float32Array.of(attribute!.value as number) };
    case 'value_floats':
      return floats(attribute!.value as readonly number[]);
    case 'value_int':
      return { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(attribute!.value as number)) };
    case 'value_ints':
      return ints(attribute!.value as readonly number[]);
    case 'value_string':
      return { dtype: 'string', shape: [], data: [attribute!.value as string] };
    case 'value_strings':
      return { dtype: 'string', shape: [(attribute!.value as readonly string[]).length], data: attribute!.value as readonly string[] };
    default:
      return undefined;
  }
}

function floats(values: readonly number[]): TensorData {
  return { dtype: 'float32', shape: [values.length], data: Float32Array.from(values) };
}

function ints(values: readonly number[]): TensorData {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** Sizes of a tensor, from `start` to `end` (both may count from the end). */
export function shapeTensor(shape: readonly number[], start: number, end: number): Numbers {
  return integers(shape.slice(...bounds(shape.length, start, end)));
}

function bounds(rank: number, start: number, end: number): [number, number] {
  const within = (value: number): number => Math.min(Math.max(value < 0 ? value + rank : value, 0), rank);
  return [within(start), within(end)];
}
