import type { AttributeInput } from '../onnx/attributes.ts';
import { float, ints, toAttribute } from '../onnx/attributes.ts';
import { dataTypeCodes, type Attributes, type DataType, type Shape, type TensorData, type Value } from '../onnx/graph.ts';
import { tensorOf, type GraphBuilder } from '../onnx/graphBuilder.ts';
import { capturedByAttributes } from '../onnx/subgraphs.ts';
import { sameShape } from './broadcast.ts';
import { constantIntegers, fixed, type ShapeRule, type TensorType } from './rules/shapeRule.ts';
import { shapeRules, type KnownOperator } from './shapeRules.ts';

/** A value whose type and shape are known. */
export interface TypedValue extends Value {
  readonly shape: Shape;
}

/** A node that was added, with what it read and made. */
export interface TapeEntry {
  /** ONNX name, other domains before it: 'Conv', 'com.microsoft.FusedMatMul'. */
  readonly operator: KnownOperator;
  readonly attributes: Attributes;
  /** Those of the node, then what its subgraphs read from the graphs around them (`capturedByAttributes`). */
  readonly inputs: readonly (TypedValue | undefined)[];
  readonly outputs: readonly TypedValue[];
}

/** A node that is about to be added. */
export interface PlannedNode {
  readonly inputs: readonly (TypedValue | undefined)[];
  readonly attributes: Attributes;
  readonly outputCount: number;
}

/** How a provider wants operators that it does not run, or not rightly: other nodes in their place; undefined where the node can stay. */
export type Forms = Readonly<
  Partial<Record<KnownOperator, (g: TypedOps, node: PlannedNode) => readonly (TypedValue | undefined)[] | undefined>>
>;

/**
 * Adds nodes to a graph and works out each output's type and shape on the way, so that a gradient rule reads like its formula:
 * `g.mul(y, g.sub(dy, g.reduceSum(g.mul(dy, y), [-1])))`. Every node goes on the `tape`, which backpropagation walks: what
 * a gradient rule adds can be differentiated again.
 */
export class TypedOps {
  readonly graph: GraphBuilder;
  readonly forms: Forms;
  /** All nodes added through this object, in order. */
  readonly tape: TapeEntry[] = [];

  constructor(graph: GraphBuilder, forms: Forms = {}) {
    this.graph = graph;
    this.forms = forms;
  }

  /** A node with one output. */
  op(
    operator: KnownOperator,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    name?: string,
  ): TypedValue {
    return this.node(operator, inputs, attributes, name === undefined ? 1 : [name])[0]!;
  }

  /** A node with any number of outputs: how many, or their names; '' leaves an optional output out. */
  node(
    operator: KnownOperator,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeInput>> = {},
    outputs: number | readonly string[] = 1,
  ): TypedValue[] {
    const outputCount = typeof outputs === 'number' ? outputs : outputs.length;
    const typedInputs = inputs.map((each) => each && typed(each));
    const allAttributes = Object.fromEntries(Object.entries(attributes).map(([key, input]) => [key, toAttribute(key, input)]));
    const form = this.forms[operator]?.(this, { inputs: typedInputs, attributes: allAttributes, outputCount });
    // An output that the form leaves out is one that nobody may read.
    if (form) return form as TypedValue[];
    const specs = this.#outputTypes(operator, typedInputs, allAttributes, outputCount);
    const [domain, opType] = splitOperator(operator);
    const results = this.graph
      .node(opType, withoutTrailingGaps(inputs), {
        domain,
        attributes: allAttributes,
        outputs: specs.map(({ dtype, shape }, at) => ({ dtype, shape, ...(typeof outputs !== 'number' && { name: outputs[at]! }) })),
      })
      .map(typed);
    // What a subgraph reads from outside influences the node as its inputs do.
    const captured = capturedByAttributes(allAttributes).map((name) => typed(this.graph.value(name)));
    this.tape.push({ operator, attributes: allAttributes, inputs: [...typedInputs, ...captured], outputs: results });
    return results;
  }

  /**
   * Output `at` of the node that made `first`, its first output. Where the node leaves it out it is added, so that a
   * gradient can use what the kernel knows anyway (indices of maxima, means) and a forward pass alone does not pay for it.
   */
  furtherOutput(first: TypedValue, at: number): TypedValue {
    const place = this.tape.findLastIndex((each) => each.outputs[0]?.name === first.name);
    const entry = this.tape[place];
    if (!entry) throw new Error(`"${first.name}" is not the first output of a node.`);
    if (entry.outputs[at]) return entry.outputs[at];
    const specs = this.#outputTypes(entry.operator, entry.inputs, entry.attributes, at + 1);
    const outputs = [
      ...entry.outputs,
      ...this.graph
        .addOutputs(
          first,
          specs.slice(entry.outputs.length).map(({ dtype, shape }) => ({ dtype, shape })),
        )
        .map(typed),
    ];
    this.tape[place] = { ...entry, outputs };
    return outputs[at]!;
  }

  /**
   * Adds nodes that do the work of one node, and records that one: backpropagation sees the operator, with its rule, the
   * graph has what runs everywhere. A rule that needs an inner value adds the same nodes again; phase 4 shares them.
   */
  recordedAs(
    operator: KnownOperator,
    inputs: readonly (TypedValue | undefined)[],
    attributes: Attributes,
    add: () => readonly TypedValue[],
  ): readonly TypedValue[] {
    const start = this.tape.length;
    const outputs = add();
    this.tape.splice(start, this.tape.length - start, { operator, attributes, inputs, outputs });
    return outputs;
  }

  #outputTypes(
    operator: KnownOperator,
    inputs: readonly (TypedValue | undefined)[],
    attributes: Attributes,
    outputCount: number,
  ): readonly TensorType[] {
    const types = (shapeRules[operator] as ShapeRule)({
      inputs,
      attributes,
      constant: (at) => this.graph.constantValue(inputs[at]),
      outputCount,
    });
    const specs = [types].flat().slice(0, outputCount);
    if (specs.length < outputCount) throw new Error(`${operator} has no more than ${specs.length} outputs, not ${outputCount}.`);
    return specs;
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

  /** Zeros, or another number, in the type and shape of `like`, whose sizes must be known. */
  filledLike(like: Value, value = 0): TypedValue {
    const { shape } = typed(like);
    return shape.length === 0 ? this.scalar(value, like) : this.expand(this.scalar(value, like), shape);
  }

  expand(data: Value, shape: Shape): TypedValue {
    return sameShape(typed(data).shape, shape)
      ? typed(data)
      : this.op('Expand', [data, this.graph.int64(shape.map((dim) => fixed(dim, 'A size to expand to')))]);
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

/** ONNX Runtime's fusion of Add and LayerNormalization crashes on a last input that is named ''. */
function withoutTrailingGaps(inputs: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  return inputs.slice(0, inputs.findLastIndex((each) => each !== undefined) + 1);
}

/** 'com.microsoft.FusedMatMul' is ['com.microsoft', 'FusedMatMul']; 'Conv' is ['', 'Conv']. */
function splitOperator(operator: string): [domain: string, opType: string] {
  const dot = operator.lastIndexOf('.');
  return dot < 0 ? ['', operator] : [operator.slice(0, dot), operator.slice(dot + 1)];
}

export function typed(value: Value): TypedValue {
  if (!value.shape) throw new Error(`The shape of "${value.name}" is not known.`);
  return value as TypedValue;
}
