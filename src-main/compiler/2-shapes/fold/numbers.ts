import type { Attributes, DataType, TensorData } from '../../onnx/graph.ts';

/** A constant while it is evaluated: float64 holds every element type but large integers exactly. Truth values are 0 and 1. */
export interface Numbers {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** What an evaluator sees of a node besides its inputs. */
export interface FoldContext {
  readonly attributes: Attributes;
  readonly outputCount: number;
}

/** All outputs of an operator whose inputs are constants (undefined: left out); undefined where it should not be evaluated. */
export type Evaluator = (inputs: readonly (Numbers | undefined)[], context: FoldContext) => Numbers | readonly Numbers[] | undefined;

/** The ends that exporters write for "all the rest". */
const largest = 2n ** 63n - 1n;
const smallest = -(2n ** 63n);
const exact = BigInt(Number.MAX_SAFE_INTEGER);
const farOut = 2n ** 62n;

/**
 * Undefined where float64 cannot carry the elements: text, float16, integers beyond 2⁵³. Those near the ends of int64 mean
 * "all the rest" and may come out one off.
 */
export function toNumbers(tensor: TensorData): Numbers | undefined {
  const { dtype, shape, data } = tensor;
  if (dtype === 'string' || dtype === 'float16') return undefined;
  if (dtype === 'int64' || dtype === 'uint64') {
    for (const each of data) if (!isWithin(each, exact) && isWithin(each, farOut)) return undefined;
  }
  return { dtype, shape, data: Float64Array.from(data as Iterable<number | bigint>, Number) };
}

function isWithin(value: bigint, limit: bigint): boolean {
  return value <= limit && value >= -limit;
}

export function toTensor({ dtype, shape, data }: Numbers): TensorData {
  switch (dtype) {
    case 'int64':
      return { dtype, shape, data: BigInt64Array.from(data, int64) };
    case 'uint64':
      return { dtype, shape, data: BigUint64Array.from(data, BigInt) };
    case 'float32':
      return { dtype, shape, data: Float32Array.from(data) };
    case 'float64':
      return { dtype, shape, data: Float64Array.from(data) };
    case 'int32':
      return { dtype, shape, data: Int32Array.from(data) };
    case 'uint32':
      return { dtype, shape, data: Uint32Array.from(data) };
    case 'int16':
      return { dtype, shape, data: Int16Array.from(data) };
    case 'uint16':
      return { dtype, shape, data: Uint16Array.from(data) };
    case 'int8':
      return { dtype, shape, data: Int8Array.from(data) };
    case 'uint8':
      return { dtype, shape, data: Uint8Array.from(data) };
    case 'bool':
      return { dtype, shape, data: Uint8Array.from(data, (each) => Number(each !== 0)) };
    default:
      throw new Error(`A tensor of ${dtype} is not made from numbers.`);
  }
}

/** An integer as int64; 2⁶³, which float64 makes of the largest one, goes back to it. */
export function int64(value: number): bigint {
  const integer = BigInt(Math.trunc(value));
  return integer > largest ? largest : integer < smallest ? smallest : integer;
}

export function isFloat(dtype: DataType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

export function integers(values: readonly number[], dtype: DataType = 'int64', shape: readonly number[] = [values.length]): Numbers {
  return { dtype, shape, data: Float64Array.from(values) };
}

/** Row-major steps between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Calls `visit` with each index of a shape in row-major order. The index is reused: copy what must stay. */
export function eachIndex(shape: readonly number[], visit: (index: readonly number[], offset: number) => void): void {
  const index = shape.map(() => 0);
  const total = count(shape);
  for (let offset = 0; offset < total; offset++) {
    visit(index, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Fills a shape with elements of `x` found by `source`: every operator that only moves elements. */
export function moved(x: Numbers, shape: readonly number[], source: (index: readonly number[]) => number): Numbers {
  const data = new Float64Array(count(shape));
  eachIndex(shape, (index, offset) => {
    data[offset] = x.data[source(index)]!;
  });
  return { dtype: x.dtype, shape, data };
}

/** Offset in a tensor of `shape` of an index of what it broadcasts to. */
export function broadcastOffset(shape: readonly number[], strides: readonly number[], index: readonly number[]): number {
  const skipped = index.length - shape.length;
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) if (shape[axis] !== 1) offset += strides[axis]! * index[skipped + axis]!;
  return offset;
}

export function positive(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export function dataTypeName(codes: Readonly<Record<string, number>>, code: number): DataType | undefined {
  return Object.entries(codes).find(([, known]) => known === code)?.[0] as DataType | undefined;
}
