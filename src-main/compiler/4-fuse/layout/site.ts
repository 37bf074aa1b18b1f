import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { capturedByAttributes } from '../../onnx/subgraphs.ts';
import type { BlockedValues } from './BlockedValues.ts';

/** A node that is laid out: see `blockChannels`. */
export interface Site {
  readonly node: GraphNode;
  readonly values: BlockedValues;
  readonly graph: GraphFacts;
}

/** The graph before. */
export interface GraphFacts {
  maker(name: string): GraphNode | undefined;
  readers(name: string): readonly GraphNode[];
  isOutput(name: string): boolean;
}

export function factsOf(graph: Graph): GraphFacts {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes)
    for (const name of [...node.inputs, ...capturedByAttributes(node.attributes)]) readers.set(name, [...(readers.get(name) ?? []), node]);
  const outputs = new Set(graph.outputs.map((each) => each.name));
  return { maker: (name) => makers.get(name), readers: (name) => readers.get(name) ?? [], isOutput: (name) => outputs.has(name) };
}
