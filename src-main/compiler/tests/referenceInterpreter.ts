import { readInteger, readIntegers } from '../onnx/attributes.ts';
import type { Attributes, Graph, GraphNode, TensorData } from '../onnx/graph.ts';

/**
 * Runs a graph in float64 by the operators' definitions: slow, plain, and written apart from the shape rules, as the
 * oracle of the compiler's tests. Finite differences in float32 reach only about 1e-2 on ReLU networks.
 */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}
type Operator = (
  inputs: readonly ReferenceTensor[],
  attributes: Attributes,
  optional: readonly (ReferenceTensor | undefined)[],
) => ReferenceTensor;

export function interpret(graph: Graph, inputs: Readonly<Record<string, ReferenceTensor>>): Record<string, ReferenceTensor> {
  const values = run(graph, new Map(Object.entries(inputs)));
  return Object.fromEntries(graph.outputs.map((each) => [each.name, values.get(each.name)!]));
}

export function tensor(shape: readonly number[], data: Iterable<number | bigint>): ReferenceTensor {
  return { shape, data: Float64Array.from(data, Number) };
}

export function size(shape: readonly number[]): number {
  return shape.reduce((count, dim) => count * dim, 1);
}

function run(graph: Graph, values: Map<string, ReferenceTensor>): Map<string, ReferenceTensor> {
  for (const [name, constant] of graph.initializers) values.set(name, fromConstant(constant));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => {
      const value = values.get(name);
      if (name !== '' && !value) throw new Error(`${node.opType} reads "${name}" before it is made.`);
      return value;
    });
    const outputs =
      node.opType === 'Loop' ? loop(node, inputs, values) : [operatorOf(node)(inputs as ReferenceTensor[], node.attributes, inputs)];
    node.outputs.forEach((name, at) => values.set(name, outputs[at]!));
  }
  return values;
}

function operatorOf({ opType }: GraphNode): Operator {
  const operator = (operators as Record<string, Operator>)[opType];
  if (!operator) throw new Error(`The reference interpreter does not know ${opType}.`);
  return operator;
}

function loop(
  node: GraphNode,
  [trips, , ...carried]: readonly (ReferenceTensor | undefined)[],
  outer: ReadonlyMap<string, ReferenceTensor>,
): ReferenceTensor[] {
  const body = node.attributes['body'];
  if (body?.kind !== 'graph') throw new Error('Loop without a body.');
  const graph = body.value;
  let state = carried as ReferenceTensor[];
  const stacks: ReferenceTensor[][] = graph.outputs.slice(1 + state.length).map(() => []);
  const count = trips!.data[0]!;
  for (let iteration = 0; iteration < count; iteration++) {
    const entering = [tensor([], [iteration]), tensor([], [1]), ...state];
    const values = run(
      graph,
      new Map([...outer, ...graph.inputs.map((each, at): [string, ReferenceTensor] => [each.name, entering[at]!])]),
    );
    const results = graph.outputs.map((each) => values.get(each.name)!);
    state = results.slice(1, 1 + state.length);
    results.slice(1 + state.length).forEach((each, at) => stacks[at]!.push(each));
  }
  const stacked = stacks.map((items) => ({
    shape: [items.length, ...items[0]!.shape],
    data: Float64Array.from(items.flatMap((each) => [...each.data])),
  }));
  return [...state, ...stacked];
}

const unary =
  (f: (x: number) => number): Operator =>
  ([x]) => ({ shape: x!.shape, data: x!.data.map(f) });

const binary =
  (f: (a: number, b: number) => number): Operator =>
  ([a, b]) => {
    const shape = broadcast(a!.shape, b!.shape);
    return fill(shape, (index) => f(elementAt(a!, index), elementAt(b!, index)));
  };

const reduce =
  (mean: boolean): Operator =>
  ([data], attributes, [, axesInput]) => {
    const rank = data!.shape.length;
    const axes = new Set(axesInput ? Array.from(axesInput.data, (axis) => (axis + rank) % rank) : data!.shape.keys());
    const kept = data!.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim));
    const sums = new Float64Array(size(kept));
    eachIndex(data!.shape, (index, offset) => {
      sums[offsetIn(kept, index)]! += data!.data[offset]!;
    });
    const shape = readInteger(attributes, 'keepdims', 1) ? kept : kept.filter((_, axis) => !axes.has(axis));
    return { shape, data: mean ? sums.map((each) => (each * sums.length) / data!.data.length) : sums };
  };

function softmaxRows(x: ReferenceTensor, axis: number, finish: (x: number, max: number, sum: number) => number): ReferenceTensor {
  const along = axis < 0 ? axis + x.shape.length : axis;
  const line = (index: readonly number[]): number[] =>
    Array.from({ length: x.shape[along]! }, (_, position) => elementAt(x, index.with(along, position)));
  return fill(x.shape, (index) => {
    const values = line(index);
    const max = Math.max(...values);
    return finish(
      elementAt(x, index),
      max,
      values.reduce((sum, each) => sum + Math.exp(each - max), 0),
    );
  });
}

const matMul: Operator = ([a, b]) => {
  const batch = broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const inner = a!.shape.at(-1)!;
  return fill([...batch, a!.shape.at(-2)!, b!.shape.at(-1)!], (index) => {
    const [row, column] = index.slice(-2) as [number, number];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += elementAt(a!, [...index.slice(0, -2), row, k]) * elementAt(b!, [...index.slice(0, -2), k, column]);
    return sum;
  });
};

const transpose = (x: ReferenceTensor, perm: readonly number[]): ReferenceTensor =>
  fill(
    perm.map((axis) => x.shape[axis]!),
    (index) =>
      elementAt(
        x,
        perm.reduce<number[]>(
          (source, axis, to) => source.with(axis, index[to]!),
          perm.map(() => 0),
        ),
      ),
  );

const operators = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Greater: binary((a, b) => Number(a > b)),
  GreaterOrEqual: binary((a, b) => Number(a >= b)),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Relu: unary((x) => Math.max(0, x)),
  Erf: unary(erf),
  Identity: unary((x) => x),
  Cast: unary((x) => x),
  Clip: ([x, low, high]) => ({ shape: x!.shape, data: x!.data.map((each) => Math.min(high!.data[0]!, Math.max(low!.data[0]!, each))) }),
  Softmax: ([x], attributes) => softmaxRows(x!, readInteger(attributes, 'axis', -1), (each, max, sum) => Math.exp(each - max) / sum),
  LogSoftmax: ([x], attributes) => softmaxRows(x!, readInteger(attributes, 'axis', -1), (each, max, sum) => each - max - Math.log(sum)),
  MatMul: matMul,
  Gemm: ([a, b], attributes, [, , c]) => {
    const number = (name: string, otherwise: number): number => {
      const attribute = attributes[name];
      return attribute?.kind === 'float' || attribute?.kind === 'int' ? attribute.value : otherwise;
    };
    const product = matMul([number('transA', 0) ? transpose(a!, [1, 0]) : a!, number('transB', 0) ? transpose(b!, [1, 0]) : b!], {}, []);
    return fill(
      product.shape,
      (index) => number('alpha', 1) * elementAt(product, index) + (c ? number('beta', 1) * elementAt(c, index) : 0),
    );
  },
  ReduceSum: reduce(false),
  ReduceMean: reduce(true),
  Transpose: ([x], attributes) => transpose(x!, readIntegers(attributes, 'perm') ?? [...x!.shape.keys()].toReversed()),
  Reshape: ([x, wanted]) => {
    const shape = Array.from(wanted!.data, (dim, axis) => (dim === 0 ? x!.shape[axis]! : dim));
    const fixed = shape.reduce((count, dim) => (dim === -1 ? count : count * dim), 1);
    return { shape: shape.map((dim) => (dim === -1 ? x!.data.length / fixed : dim)), data: x!.data };
  },
  Flatten: ([x], attributes) => {
    const axis = readInteger(attributes, 'axis', 1);
    const rows = size(x!.shape.slice(0, axis < 0 ? axis + x!.shape.length : axis));
    return { shape: [rows, x!.data.length / rows], data: x!.data };
  },
  Expand: ([x, wanted]) => fill(broadcast(x!.shape, [...wanted!.data]), (index) => elementAt(x!, index)),
  Shape: ([x]) => tensor([x!.shape.length], x!.shape),
  Gather: ([x, indices], attributes) => {
    const axis = readInteger(attributes, 'axis', 0);
    const rank = indices!.shape.length;
    return fill([...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], (index) => {
      const picked = elementAt(indices!, index.slice(axis, axis + rank));
      return elementAt(x!, [...index.slice(0, axis), picked < 0 ? picked + x!.shape[axis]! : picked, ...index.slice(axis + rank)]);
    });
  },
  GatherElements: ([x, indices], attributes) =>
    fill(indices!.shape, (index) => elementAt(x!, index.with(readInteger(attributes, 'axis', 0), elementAt(indices!, index)))),
  ScatterElements: ([x, indices, updates], attributes) => {
    const data = x!.data.slice();
    const adds = attributes['reduction']?.value === 'add';
    eachIndex(indices!.shape, (index, offset) => {
      const to = offsetIn(x!.shape, index.with(readInteger(attributes, 'axis', 0), elementAt(indices!, index)));
      data[to] = (adds ? data[to]! : 0) + updates!.data[offset]!;
    });
    return { shape: x!.shape, data };
  },
} satisfies Record<string, Operator>;

function broadcast(left: readonly number[], right: readonly number[]): number[] {
  const rank = Math.max(left.length, right.length);
  const dim = (shape: readonly number[], axis: number): number => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => (dim(left, axis) === 1 ? dim(right, axis) : dim(left, axis)));
}

/** Element at `index` of a shape that `x` broadcasts to. */
function elementAt(x: ReferenceTensor, index: readonly number[]): number {
  return x.data[offsetIn(x.shape, index)]!;
}

function offsetIn(shape: readonly number[], index: readonly number[]): number {
  const skipped = index.length - shape.length;
  return shape.reduce((offset, dim, axis) => offset * dim + (dim === 1 ? 0 : index[skipped + axis]!), 0);
}

function fill(shape: readonly number[], element: (index: readonly number[]) => number): ReferenceTensor {
  const data = new Float64Array(size(shape));
  eachIndex(shape, (index, offset) => {
    data[offset] = element(index);
  });
  return { shape, data };
}

function eachIndex(shape: readonly number[], visit: (index: readonly number[], offset: number) => void): void {
  const index = shape.map(() => 0);
  for (let offset = 0; offset < size(shape); offset++) {
    visit(index, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** erf x = 2/√π e^{−x²} Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, all terms of one sign — https://dlmf.nist.gov/7.6#E2 */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = 0;
  for (let term = x, n = 0; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 500; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function fromConstant(constant: TensorData): ReferenceTensor {
  if (constant.dtype === 'string') throw new Error('Text has no float64 form.');
  return tensor(constant.shape, constant.data as Iterable<number | bigint>);
}
