import type { Attributes, DataType, Dim, Shape, TensorData } from '../../onnx/graph.ts';
import { dataTypeCodes } from '../../onnx/graph.ts';
import { broadcastShapes } from '../broadcast.ts';

export interface TensorType {
  readonly dtype: DataType;
  readonly shape: Shape;
}

export interface ShapeContext {
  /** One entry per input; undefined where an optional input is left out. Names are for messages. */
  readonly inputs: readonly ((TensorType & { readonly name?: string }) | undefined)[];
  readonly attributes: Attributes;
  /** The input's value when it is an initializer: axes, target shapes. */
  readonly constant: (input: number) => TensorData | undefined;
  /** How many outputs the node has. */
  readonly outputCount: number;
}

/** Type of the output, or of each output. Throws an ordinary Error that says which sizes do not fit. */
export type ShapeRule = (context: ShapeContext) => TensorType | readonly TensorType[];

/** Same type as the first input. */
export const like = ({ inputs }: ShapeContext): TensorType => inputs[0]!;

/** Broadcast of all inputs, type of the first. */
export const elementwiseType = ({ inputs }: ShapeContext): TensorType => ({
  dtype: inputs[0]!.dtype,
  shape: inputs.reduce<Shape>((shape, each) => broadcastShapes(shape, each!.shape), []),
});

export const truthValue = (context: ShapeContext): TensorType => ({ dtype: 'bool', shape: elementwiseType(context).shape });

export function constantIntegers(tensor: TensorData | undefined, what: string): number[] {
  if (tensor?.dtype !== 'int64' && tensor?.dtype !== 'int32') throw new Error(`The input "${what}" must be a constant integer tensor.`);
  return Array.from(tensor.data as Iterable<number | bigint>, Number);
}

export function fromEnd(axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis;
  if (result < 0 || result >= rank) throw new Error(`Axis ${axis} is outside a tensor of rank ${rank}.`);
  return result;
}

/** A name (such as 'N') survives alone; a product with other sizes has no name. */
export function productOf(dims: Shape): Dim {
  const named = dims.filter((dim) => typeof dim === 'string');
  const size = dims.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  if (named.length === 0) return size;
  if (named.length === 1 && size === 1) return named[0]!;
  throw new Error(`The size of [${dims.join()}] is known only when the model runs.`);
}

/** A size that must be known. */
export function fixed(dim: Dim | undefined, what: string): number {
  if (typeof dim !== 'number') throw new Error(`${what} must be known when compiling, it is ${dim ?? 'missing'}.`);
  return dim;
}

export function dataTypeOf(code: number): DataType {
  for (const [dtype, known] of Object.entries(dataTypeCodes)) if (known === code) return dtype as DataType;
  throw new Error(`Unsupported element type ${code}.`);
}
