/**
 * The compiler's graph: plain data with ONNX's own names, one to one with GraphProto.
 * Everything in `compiler/` reads and writes this; protobuf appears only in `encode.ts` and `decode.ts`.
 */

/** Element types by their ONNX names (float = float32, double = float64). */
export const dataTypeCodes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;
export type DataType = keyof typeof dataTypeCodes;

/** A size, or a name such as 'N' for a size known only when the model runs. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** A named tensor in a graph. Without `shape` not even the rank is known. */
export interface Value {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape?: Shape | undefined;
  /** Set where a file leaves the type out, as subgraphs may: `dtype` then says nothing. */
  readonly untyped?: true;
}

interface ElementArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  /** One byte an element, 0 or 1. */
  bool: Uint8Array;
  string: readonly string[];
}
export type TensorElements = ElementArrays[DataType];

/** A constant: row-major elements of a fully known shape; [] is a scalar. */
export type TensorData = {
  [Type in DataType]: { readonly dtype: Type; readonly shape: readonly number[]; readonly data: ElementArrays[Type] };
}[DataType];

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: TensorData }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  readonly opType: string;
  /** '' is the ONNX domain; 'ai.onnx.ml', 'com.microsoft'. */
  readonly domain: string;
  readonly name: string;
  /** Value names; '' marks an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** Nodes are in an order in which they can run. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly nodes: readonly GraphNode[];
  readonly initializers: ReadonlyMap<string, TensorData>;
  /** Types of computed values where they are known, for people; not part of the file. */
  readonly valueTypes?: ReadonlyMap<string, Value>;
}

/** Number of elements; every size must be a number. */
export function elementCount(shape: Shape): number {
  return shape.reduce<number>((count, dim) => {
    if (typeof dim !== 'number') throw new Error(`The size "${dim}" is known only when the model runs.`);
    return count * dim;
  }, 1);
}

/** The graph with every value, node and symbol name passed through `rename`, subgraphs included. */
export function renameGraph(graph: Graph, rename: (name: string) => string): Graph {
  const renamed = (name: string): string => (name === '' ? '' : rename(name));
  const value = (each: Value): Value => ({ ...each, name: renamed(each.name) });
  const attribute = (each: Attribute): Attribute =>
    each.kind === 'graph' ? { kind: 'graph', value: renameGraph(each.value, rename) } : each;
  return {
    name: graph.name,
    inputs: graph.inputs.map(value),
    outputs: graph.outputs.map(value),
    nodes: graph.nodes.map((node) => ({
      ...node,
      name: renamed(node.name),
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
      attributes: Object.fromEntries(Object.entries(node.attributes).map(([key, each]) => [key, attribute(each)])),
    })),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [renamed(name), tensor])),
  };
}
