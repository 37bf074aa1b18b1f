import type { AttributeInput } from '../onnx/attributes.ts';
import { float, ints, toAttribute } from '../onnx/attributes.ts';
import { dataTypeCodes, type DataType, type Shape, type TensorData, type Value } from '../onnx/graph.ts';
import { tensorOf, type GraphBuilder } from '../onnx/graphBuilder.ts';
import { sameShape } from './broadcast.ts';
import { constantIntegers, shapeRules, type KnownOperator } from './shapeRules.ts';

/** A value whose type and shape are known. */
export interface TypedValue extends Value {
  readonly shape: Shape;
}

/**
 * Adds nodes to a graph and works out each output's type and shape on the way, so that a gradient rule reads like its formula:
 * `g.mul(y, g.sub(dy, g.reduceSum(g.mul(dy, y), [-1])))`.
 */
export class TypedOps {
  readonly graph: GraphBuilder;

  constructor(graph: GraphBuilder) {
    this.graph = graph;
  }

  op(
    opType: KnownOperator,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    name?: string,
  ): TypedValue {
    const type = shapeRules[opType]({
      inputs: inputs.map((each) => each && typed(each)),
      attributes: Object.fromEntries(Object.entries(attributes).map(([key, input]) => [key, toAttribute(key, input)])),
      constant: (at) => this.graph.constantValue(inputs[at]),
    });
    const output = { dtype: type.dtype, shape: type.shape, ...(name !== undefined && { name }) };
    return typed(this.graph.op(opType, inputs, { attributes, output }));
  }

  add = (a: Value, b: Value): TypedValue => this.op('Add', [a, b]);
  sub = (a: Value, b: Value): TypedValue => this.op('Sub', [a, b]);
  mul = (a: Value, b: Value): TypedValue => this.op('Mul', [a, b]);
  div = (a: Value, b: Value): TypedValue => this.op('Div', [a, b]);
  neg = (a: Value): TypedValue => this.op('Neg', [a]);
  exp = (a: Value): TypedValue => this.op('Exp', [a]);
  sqrt = (a: Value): TypedValue => this.op('Sqrt', [a]);
  matMul = (a: Value, b: Value): TypedValue => this.op('MatMul', [a, b]);

  /** `alpha` op(a) op(b), two dimensions. */
  gemm(a: Value, b: Value, { transA = 0, transB = 0, alpha = 1 }: { transA?: number; transB?: number; alpha?: number } = {}): TypedValue {
    return this.op('Gemm', [a, b], { ...(transA && { transA }), ...(transB && { transB }), ...(alpha !== 1 && { alpha: float(alpha) }) });
  }

  transpose(data: Value, perm: readonly number[]): TypedValue {
    return this.op('Transpose', [data], { perm: ints(perm) });
  }

  /** Swaps the last two axes. */
  swapLast(data: Value): TypedValue {
    const axes = typed(data).shape.map((_, axis) => axis);
    return this.transpose(data, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
  }

  reduceSum(data: Value, axes: readonly number[], keepdims = true): TypedValue {
    return axes.length === 0 ? typed(data) : this.op('ReduceSum', [data, this.graph.int64(axes)], { keepdims: Number(keepdims) });
  }

  /** To a shape of which one size may be a name (written as -1). */
  reshape(data: Value, shape: Shape): TypedValue {
    if (sameShape(typed(data).shape, shape)) return typed(data);
    if (shape.filter((dim) => typeof dim === 'string').length > 1) throw new Error(`Reshape to [${shape.join()}] has two open sizes.`);
    return this.op('Reshape', [data, this.graph.int64(shape.map((dim) => (typeof dim === 'string' ? -1 : dim)))]);
  }

  cast(data: Value, to: DataType): TypedValue {
    return data.dtype === to ? typed(data) : this.op('Cast', [data], { to: dataTypeCodes[to] });
  }

  gather(data: Value, indices: Value, axis = 0): TypedValue {
    return this.op('Gather', [data, indices], axis === 0 ? {} : { axis });
  }

  /** 1 where a > b, else 0, in a's type. */
  greaterMask(a: Value, b: Value): TypedValue {
    return this.cast(this.op('Greater', [a, b]), a.dtype);
  }

  /** A scalar in the element type of `like`. */
  scalar(value: number, like: Value): TypedValue {
    if (like.dtype !== 'float32' && like.dtype !== 'float64')
      throw new Error(`A scalar like "${like.name}" (${like.dtype}) is not a float.`);
    return typed(this.graph.scalar(value, like.dtype));
  }

  /** A constant tensor of float type `like`. */
  tensor(shape: readonly number[], values: readonly number[], like: Value): TypedValue {
    return typed(this.graph.constant(tensorOf(like.dtype as 'float32' | 'float64', shape, values)));
  }

  constantIntegers(value: Value, what: string): number[] {
    return constantIntegers(this.graph.constantValue(value), what);
  }

  constant(tensor: TensorData): TypedValue {
    return typed(this.graph.constant(tensor));
  }
}

export function typed(value: Value): TypedValue {
  if (!value.shape) throw new Error(`The shape of "${value.name}" is not known.`);
  return value as TypedValue;
}
