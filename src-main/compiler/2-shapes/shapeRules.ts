import type { Attributes, DataType, Dim, Shape, TensorData } from '../onnx/graph.ts';
import { dataTypeCodes } from '../onnx/graph.ts';
import { readInteger, readIntegers } from '../onnx/attributes.ts';
import { broadcastShapes } from './broadcast.ts';

export interface TensorType {
  readonly dtype: DataType;
  readonly shape: Shape;
}

export interface ShapeContext {
  /** One entry per input; undefined where an optional input is left out. */
  readonly inputs: readonly (TensorType | undefined)[];
  readonly attributes: Attributes;
  /** The input's value when it is an initializer: axes, target shapes. */
  readonly constant: (input: number) => TensorData | undefined;
}
export type ShapeRule = (context: ShapeContext) => TensorType;

const like: ShapeRule = ({ inputs }) => inputs[0]!;
const elementwise: ShapeRule = ({ inputs: [left, right] }) => ({ dtype: left!.dtype, shape: broadcastShapes(left!.shape, right!.shape) });
const comparison: ShapeRule = (context) => ({ dtype: 'bool', shape: elementwise(context).shape });

const reduction: ShapeRule = ({ inputs: [data, axesInput], attributes, constant }) => {
  const rank = data!.shape.length;
  const listed = axesInput ? constantIntegers(constant(1), 'axes') : undefined;
  const axes = new Set((listed ?? data!.shape.map((_, axis) => axis)).map((axis) => fromEnd(axis, rank)));
  const keep = readInteger(attributes, 'keepdims', 1) === 1;
  return { dtype: data!.dtype, shape: data!.shape.flatMap((dim, axis) => (axes.has(axis) ? (keep ? [1] : []) : [dim])) };
};

const matMul: ShapeRule = ({ inputs: [a, b] }) => {
  const [rows, inner] = a!.shape.slice(-2);
  const [innerOfB, columns] = b!.shape.slice(-2);
  if (a!.shape.length < 2 || b!.shape.length < 2) throw new Error('MatMul: both inputs need at least two dimensions.');
  if (inner !== innerOfB) throw new Error(`MatMul: [${a!.shape.join()}] does not fit [${b!.shape.join()}].`);
  return { dtype: a!.dtype, shape: [...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), rows!, columns!] };
};

const gemm: ShapeRule = ({ inputs: [a, b], attributes }) => {
  const [rows, inner] = readInteger(attributes, 'transA', 0) ? a!.shape.toReversed() : a!.shape;
  const [innerOfB, columns] = readInteger(attributes, 'transB', 0) ? b!.shape.toReversed() : b!.shape;
  if (a!.shape.length !== 2 || b!.shape.length !== 2 || inner !== innerOfB)
    throw new Error(`Gemm: [${a!.shape.join()}] does not fit [${b!.shape.join()}].`);
  return { dtype: a!.dtype, shape: [rows!, columns!] };
};

/** Output type of each operator that the compiler reads or writes, by its ONNX name. */
export const shapeRules = {
  Add: elementwise,
  Sub: elementwise,
  Mul: elementwise,
  Div: elementwise,
  Max: elementwise,
  Greater: comparison,
  GreaterOrEqual: comparison,
  Neg: like,
  Abs: like,
  Exp: like,
  Log: like,
  Sqrt: like,
  Erf: like,
  Tanh: like,
  Sigmoid: like,
  Relu: like,
  Clip: like,
  Identity: like,
  Softmax: like,
  LogSoftmax: like,
  MatMul: matMul,
  Gemm: gemm,
  ReduceSum: reduction,
  ReduceMean: reduction,
  ScatterElements: like,
  GatherElements: ({ inputs: [data, indices] }) => ({ dtype: data!.dtype, shape: indices!.shape }),
  Cast: ({ inputs: [input], attributes }) => ({ dtype: dataTypeOf(readInteger(attributes, 'to', 0)), shape: input!.shape }),
  Gather: ({ inputs: [data, indices], attributes }) => {
    const axis = fromEnd(readInteger(attributes, 'axis', 0), data!.shape.length);
    return { dtype: data!.dtype, shape: [...data!.shape.slice(0, axis), ...indices!.shape, ...data!.shape.slice(axis + 1)] };
  },
  Transpose: ({ inputs: [data], attributes }) => {
    const perm = readIntegers(attributes, 'perm') ?? data!.shape.map((_, axis) => data!.shape.length - 1 - axis);
    return { dtype: data!.dtype, shape: perm.map((axis) => data!.shape[axis]!) };
  },
  Expand: ({ inputs: [data], constant }) => ({
    dtype: data!.dtype,
    shape: broadcastShapes(data!.shape, constantIntegers(constant(1), 'shape')),
  }),
  Reshape: ({ inputs: [data], constant }) => {
    const wanted = constantIntegers(constant(1), 'shape').map((dim, axis): Dim => (dim === 0 ? data!.shape[axis]! : dim));
    return { dtype: data!.dtype, shape: fillFreeSize(data!.shape, wanted) };
  },
  Flatten: ({ inputs: [data], attributes }) => {
    const axis = readInteger(attributes, 'axis', 1);
    const split = axis < 0 ? axis + data!.shape.length : axis;
    return { dtype: data!.dtype, shape: [product(data!.shape.slice(0, split)), product(data!.shape.slice(split))] };
  },
} satisfies Record<string, ShapeRule>;
export type KnownOperator = keyof typeof shapeRules;

export function isKnownOperator(opType: string): opType is KnownOperator {
  return Object.hasOwn(shapeRules, opType);
}

export function constantIntegers(tensor: TensorData | undefined, what: string): number[] {
  if (tensor?.dtype !== 'int64') throw new Error(`The input "${what}" must be a constant int64 tensor.`);
  return Array.from(tensor.data, Number);
}

export function fromEnd(axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis;
  if (result < 0 || result >= rank) throw new Error(`Axis ${axis} is outside a tensor of rank ${rank}.`);
  return result;
}

/** A name (such as 'N') survives alone; a product with other sizes has no name. */
function product(dims: Shape): Dim {
  const named = dims.filter((dim) => typeof dim === 'string');
  const size = dims.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  if (named.length === 0) return size;
  if (named.length === 1 && size === 1) return named[0]!;
  throw new Error(`The size of [${dims.join()}] is known only when the model runs.`);
}

function fillFreeSize(from: Shape, wanted: Shape): Shape {
  const known = wanted.filter((dim) => dim !== -1);
  if (known.length === wanted.length) return wanted;
  const remaining = [...from];
  for (const dim of known.filter((each) => typeof each === 'string')) {
    if (!remaining.includes(dim)) throw new Error(`Reshape: the size "${dim}" is not in [${from.join()}].`);
    remaining.splice(remaining.indexOf(dim), 1);
  }
  const fixed = known.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  const names = remaining.filter((dim) => typeof dim === 'string');
  const size = remaining.reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  if (names.length === 0) return wanted.map((dim) => (dim === -1 ? size / fixed : dim));
  if (names.length === 1 && size === fixed) return wanted.map((dim) => (dim === -1 ? names[0]! : dim));
  throw new Error(`Reshape: -1 of [${from.join()}] to [${wanted.join()}] is known only when the model runs.`);
}

function dataTypeOf(code: number): DataType {
  for (const [dtype, known] of Object.entries(dataTypeCodes)) if (known === code) return dtype as DataType;
  throw new Error(`Cast: unsupported element type ${code}.`);
}
