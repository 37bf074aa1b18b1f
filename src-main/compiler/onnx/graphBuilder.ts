import { toAttribute, type AttributeInput } from './attributes.ts';
import { encodeModel, type ModelOptions } from './encode.ts';
import type { DataType, Graph, GraphNode, Shape, TensorData, Value } from './graph.ts';
import { elementCount } from './graph.ts';

/** What is known of a node's output; left out, the type is the first input's and the shape is unknown. */
export interface OutputSpec {
  name?: string;
  dtype?: DataType;
  shape?: Shape | undefined;
}

export interface NodeOptions {
  domain?: string;
  attributes?: Readonly<Record<string, AttributeInput>>;
  /** One entry per output; default: a single output like the first input. */
  outputs?: readonly OutputSpec[];
}

/**
 * Builds one graph, in the order in which it runs.
 *
 * ```ts
 * const g = new GraphBuilder('scale');
 * const x = g.input('x', 'float32', ['N', 4]);
 * g.output(g.op('Mul', [x, g.scalar(2)], { output: { shape: ['N', 4] } }), 'y');
 * const bytes = g.toModelBytes({ producer: 'modelkeep', metadata: { purpose: 'example' } });
 * ```
 *
 * Throws an ordinary Error for our own mistakes: a name used twice, an unknown value, a tensor whose data does not fit its shape.
 */
export class GraphBuilder {
  readonly name: string;
  readonly #parent: GraphBuilder | undefined;
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #initializers = new Map<string, TensorData>();
  readonly #values = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  /** Shared with subgraphs: ONNX forbids a subgraph to reuse a name of the graph around it. */
  readonly #names: { taken: Set<string>; reserved: Set<string>; counters: Map<string, number> };

  constructor(name = 'graph', parent?: GraphBuilder) {
    this.name = name;
    this.#parent = parent;
    this.#names = parent ? parent.#names : { taken: new Set(), reserved: new Set(), counters: new Map() };
  }

  /** An input of the model (or of the subgraph). */
  input(name: string, dtype: DataType, shape?: Shape): Value {
    const value = this.#declare({ name: this.#take(name), dtype, shape });
    this.#inputs.push(value);
    return value;
  }

  /** Marks `value` as an output, under `name` when given (through an Identity node, which ONNX Runtime removes). */
  output(value: Value, name?: string): Value {
    this.value(value.name);
    let result = value;
    if (name !== undefined && name !== value.name)
      result = this.op('Identity', [value], { output: { name, dtype: value.dtype, shape: value.shape } });
    // Two outputs may not share a name, and a subgraph may not hand on an outer value as it is.
    else if (this.#outputs.some((each) => each.name === value.name) || !this.#values.has(value.name))
      result = this.op('Identity', [value], { output: { dtype: value.dtype, shape: value.shape } });
    this.#outputs.push(result);
    return result;
  }

  /** A named constant: weights, tables. */
  initializer(name: string, tensor: TensorData): Value {
    if (tensor.data.length !== elementCount(tensor.shape))
      throw new Error(`Initializer "${name}": ${tensor.data.length} elements do not fill [${tensor.shape.join(', ')}].`);
    const value = this.#declare({ name: this.#take(name), dtype: tensor.dtype, shape: tensor.shape });
    this.#initializers.set(value.name, tensor);
    return value;
  }

  /** An unnamed constant; small equal ones are shared. */
  constant(tensor: TensorData): Value {
    if (tensor.data.length > 16) return this.initializer(this.uniqueName('constant'), tensor);
    // Object.is separates -0 from 0, which JSON and join do not.
    const elements = Array.from(tensor.data as ArrayLike<unknown>, (each) =>
      Object.is(each, -0) ? '-0' : typeof each === 'string' ? JSON.stringify(each) : String(each),
    );
    const key = `${tensor.dtype}[${tensor.shape.join()}]${elements.join()}`;
    const known = this.#findConstant(key);
    if (known) return known;
    const value = this.initializer(this.uniqueName('constant'), tensor);
    this.#constants.set(key, value);
    return value;
  }

  scalar(value: number, dtype: 'float32' | 'float64' | 'int64' | 'int32' | 'bool' = 'float32'): Value {
    return this.constant(tensorOf(dtype, [], [value]));
  }

  /** A float32 constant; default shape: one dimension. */
  float32(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.constant({ dtype: 'float32', shape, data: Float32Array.from(values) });
  }

  float64(values: readonly number[] | Float64Array, shape: readonly number[] = [values.length]): Value {
    return this.constant({ dtype: 'float64', shape, data: Float64Array.from(values) });
  }

  /** An int64 constant, for example axes or a target shape. */
  int64(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant({ dtype: 'int64', shape, data: BigInt64Array.from(values, BigInt) });
  }

  int32(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant({ dtype: 'int32', shape, data: Int32Array.from(values) });
  }

  bool(values: readonly boolean[], shape: readonly number[] = [values.length]): Value {
    return this.constant({ dtype: 'bool', shape, data: Uint8Array.from(values, Number) });
  }

  string(values: readonly string[], shape: readonly number[] = [values.length]): Value {
    return this.constant({ dtype: 'string', shape, data: values });
  }

  /** A node with one output. `attributes` as for `node`; `output` tells what differs from the first input. */
  op(
    opType: string,
    inputs: readonly (Value | undefined)[],
    options: { domain?: string; attributes?: Readonly<Record<string, AttributeInput>>; output?: OutputSpec } = {},
  ): Value {
    const { output, ...rest } = options;
    return this.node(opType, inputs, { ...rest, outputs: [output ?? {}] })[0]!;
  }

  /** A node with any number of outputs; `undefined` leaves an optional input out. */
  node(opType: string, inputs: readonly (Value | undefined)[], options: NodeOptions = {}): Value[] {
    for (const each of inputs) if (each) this.value(each.name);
    const first = inputs.find((each) => each !== undefined);
    const outputs = (options.outputs ?? [{}]).map((spec) => {
      const dtype = spec.dtype ?? first?.dtype;
      if (!dtype) throw new Error(`${opType}: an output needs a type, there is no input to take it from.`);
      return this.#declare({ name: this.#take(spec.name ?? this.uniqueName(opType)), dtype, shape: spec.shape });
    });
    this.#nodes.push({
      opType,
      domain: options.domain ?? '',
      name: this.uniqueName(`node_${opType}`),
      inputs: inputs.map((each) => each?.name ?? ''),
      outputs: outputs.map((each) => each.name),
      attributes: Object.fromEntries(Object.entries(options.attributes ?? {}).map(([key, input]) => [key, toAttribute(key, input)])),
    });
    return outputs;
  }

  /** Gives the node whose first output is `first` more outputs. */
  addOutputs(first: Value, specs: readonly OutputSpec[]): Value[] {
    const at = this.#nodes.findLastIndex((each) => each.outputs[0] === first.name);
    const node = this.#nodes[at];
    if (!node) throw new Error(`Graph "${this.name}" has no node that makes "${first.name}" first.`);
    const outputs = specs.map(({ name = this.uniqueName(node.opType), dtype = first.dtype, shape }) =>
      this.#declare({ name: this.#take(name), dtype, shape }),
    );
    this.#nodes[at] = { ...node, outputs: [...node.outputs, ...outputs.map((each) => each.name)] };
    return outputs;
  }

  /** A builder for a subgraph (If, Loop, Scan) that sees this graph's values. Pass its `build()` as an attribute. */
  subgraph(name: string): GraphBuilder {
    return new GraphBuilder(name, this);
  }

  /**
   * `Loop` that runs `trips` times — https://onnx.ai/onnx/operators/onnx__Loop.html
   * `body` gets the carried values and the iteration number (int64 scalar) and returns the next carried values
   * (same types and shapes) and the values to stack along a new first axis, one entry per iteration.
   */
  loop(
    trips: Value,
    carried: readonly Value[],
    body: (g: GraphBuilder, carried: readonly Value[], iteration: Value) => { carried: readonly Value[]; stacked?: readonly Value[] },
    names: { carried?: readonly string[]; stacked?: readonly string[] } = {},
  ): { carried: Value[]; stacked: Value[] } {
    const g = this.subgraph(this.uniqueName('loop_body'));
    const iteration = g.input(g.uniqueName('iteration'), 'int64', []);
    const proceed = g.input(g.uniqueName('proceed'), 'bool', []);
    const entering = carried.map((each) => g.input(g.uniqueName(`${each.name}_in`), each.dtype, each.shape));
    const result = body(g, entering, iteration);
    if (result.carried.length !== carried.length)
      throw new Error(`Loop carries ${carried.length} values, its body returns ${result.carried.length}.`);
    const stacked = result.stacked ?? [];
    g.output(g.op('Identity', [proceed]));
    for (const each of [...result.carried, ...stacked]) g.output(each);
    const tripCount = constantInteger(this.constantValue(trips));
    const outputs = this.node('Loop', [trips, undefined, ...carried], {
      attributes: { body: g.build() },
      outputs: [
        ...carried.map((each, at): OutputSpec => ({ ...named(names.carried?.[at]), dtype: each.dtype, shape: each.shape })),
        ...stacked.map((each, at): OutputSpec => ({
          ...named(names.stacked?.[at]),
          dtype: each.dtype,
          shape: each.shape && [tripCount ?? 'iterations', ...each.shape],
        })),
      ],
    });
    return { carried: outputs.slice(0, carried.length), stacked: outputs.slice(carried.length) };
  }

  /** `If` — https://onnx.ai/onnx/operators/onnx__If.html Both branches return values of the same types. */
  if(
    condition: Value,
    thenBranch: (g: GraphBuilder) => readonly Value[],
    elseBranch: (g: GraphBuilder) => readonly Value[],
    outputs: readonly OutputSpec[],
  ): Value[] {
    const branch = (name: string, build: (g: GraphBuilder) => readonly Value[]): Graph => {
      const g = this.subgraph(this.uniqueName(name));
      for (const each of build(g)) g.output(each);
      return g.build();
    };
    return this.node('If', [condition], {
      attributes: { then_branch: branch('then', thenBranch), else_branch: branch('else', elseBranch) },
      outputs,
    });
  }

  /** The value of that name here or in a graph around this one. */
  value(name: string): Value {
    const found = this.#values.get(name) ?? this.#parent?.value(name);
    if (!found) throw new Error(`Graph "${this.name}" has no value "${name}".`);
    return found;
  }

  /** The constant behind a value, here or in a graph around this one; undefined when it is computed or an input. */
  constantValue(value: Value | undefined): TensorData | undefined {
    if (!value) return undefined;
    const tensor = this.#initializers.get(value.name);
    return tensor || !this.#parent ? tensor : this.#parent.constantValue(value);
  }

  /** A name that nothing uses yet: `Add`, `Add_1`, … */
  uniqueName(stem: string): string {
    for (;;) {
      const count = this.#names.counters.get(stem) ?? 0;
      this.#names.counters.set(stem, count + 1);
      const name = count === 0 ? stem : `${stem}_${count}`;
      if (this.#names.taken.has(name)) continue;
      this.#names.taken.add(name);
      this.#names.reserved.add(name);
      return name;
    }
  }

  build(): Graph {
    return {
      name: this.name,
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      nodes: [...this.#nodes],
      initializers: new Map(this.#initializers),
      valueTypes: new Map(this.#values),
    };
  }

  toModelBytes(options: ModelOptions): Uint8Array<ArrayBuffer> {
    return encodeModel(this.build(), options);
  }

  #findConstant(key: string): Value | undefined {
    const known = this.#constants.get(key);
    return known || !this.#parent ? known : this.#parent.#findConstant(key);
  }

  #declare(value: Value): Value {
    this.#values.set(value.name, value);
    return value;
  }

  /** Takes a name for a value: one that is new, or one that `uniqueName` handed out and nothing has taken yet. */
  #take(name: string): string {
    if (name === '') throw new Error('A value needs a name.');
    if (this.#names.taken.has(name) && !this.#names.reserved.delete(name))
      throw new Error(`Graph "${this.name}" has two values named "${name}".`);
    this.#names.taken.add(name);
    return name;
  }
}

/** A tensor of any numeric type from plain numbers. */
export function tensorOf(
  dtype: 'float32' | 'float64' | 'int64' | 'int32' | 'bool',
  shape: readonly number[],
  values: readonly number[],
): TensorData {
  switch (dtype) {
    case 'float32':
      return { dtype, shape, data: Float32Array.from(values) };
    case 'float64':
      return { dtype, shape, data: Float64Array.from(values) };
    case 'int64':
      return { dtype, shape, data: BigInt64Array.from(values, BigInt) };
    case 'int32':
      return { dtype, shape, data: Int32Array.from(values) };
    case 'bool':
      return { dtype, shape, data: Uint8Array.from(values) };
  }
}

function named(name: string | undefined): { name?: string } {
  return name === undefined ? {} : { name };
}

function constantInteger(tensor: TensorData | undefined): number | undefined {
  return tensor?.dtype === 'int64' && tensor.data.length === 1 ? Number(tensor.data[0]) : undefined;
}
