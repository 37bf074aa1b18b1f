import type { Attribute, Graph, GraphNode } from '../onnx/graph.ts';
import { hasSubgraph } from '../onnx/subgraphs.ts';

/** Drops nodes and constants that no output needs, in subgraphs too; these count as users of what they capture. */
export function removeUnused(graph: Graph): Graph {
  const used = new Set(graph.outputs.map((each) => each.name));
  const nodes = graph.nodes
    .toReversed()
    .map(withTidySubgraphs)
    .filter((node) => {
      if (!node.outputs.some((each) => used.has(each))) return false;
      for (const each of node.inputs) used.add(each);
      for (const attribute of Object.values(node.attributes)) if (attribute.kind === 'graph') markCaptured(attribute.value, used);
      return true;
    })
    .toReversed();
  return { ...graph, nodes, initializers: new Map([...graph.initializers].filter(([name]) => used.has(name))) };
}

function withTidySubgraphs(node: GraphNode): GraphNode {
  if (!hasSubgraph(node.attributes)) return node;
  const attributes = Object.entries(node.attributes).map(([key, each]): [string, Attribute] => [
    key,
    each.kind === 'graph' ? { kind: 'graph', value: removeUnused(each.value) } : each,
  ]);
  return { ...node, attributes: Object.fromEntries(attributes) };
}

function markCaptured(graph: Graph, used: Set<string>): void {
  for (const output of graph.outputs) used.add(output.name);
  for (const node of graph.nodes) {
    for (const input of node.inputs) used.add(input);
    for (const attribute of Object.values(node.attributes)) if (attribute.kind === 'graph') markCaptured(attribute.value, used);
  }
}
