import { replay } from '../../2-shapes/replay.ts';
import { TypedOps } from '../../2-shapes/typedOps.ts';
import { elementCount, type DataType, type Graph, type GraphNode } from '../../onnx/graph.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';

/** Operators whose result is their input under another shape: no memory of its own. */
const views = new Set(['Reshape', 'Identity', 'Flatten', 'Squeeze', 'Unsqueeze', 'After']);

/** What the computed values of a graph take, by name. Views take nothing; `ownerOf` tells whose memory they show. */
export interface ValueSizes {
  readonly types: ReadonlyMap<string, { readonly dtype: DataType; readonly shape: readonly number[]; readonly elements: number }>;
  bytesOf(name: string): number;
  ownerOf(name: string): string;
}

export function isView({ opType, domain }: GraphNode): boolean {
  return (domain === '' || domain === 'modelkeep') && views.has(opType);
}

/** Sizes of everything in a graph whose shapes are bound. */
export function valueSizes(graph: Graph): ValueSizes {
  const builder = new GraphBuilder('shapes');
  const values = replay(
    new TypedOps(builder),
    graph,
    new Map(graph.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)])),
  );
  const types = new Map(
    [...values].map(([name, { dtype, shape }]) => [name, { dtype, shape: shape.map(Number), elements: elementCount(shape) }]),
  );
  const owner = new Map<string, string>();
  const ownerOf = (name: string): string => owner.get(name) ?? name;
  for (const node of graph.nodes) if (isView(node)) owner.set(node.outputs[0]!, ownerOf(node.inputs[0]!));
  return {
    types,
    ownerOf,
    bytesOf: (name) => {
      const type = types.get(name);
      return !type || owner.has(name) ? 0 : type.elements * elementBytes(type.dtype);
    },
  };
}

export function elementBytes(dtype: DataType): number {
  if (dtype === 'bool') return 1;
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 32);
  return bits / 8;
}
