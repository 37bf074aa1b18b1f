import type { Attribute, Graph, GraphNode } from '../onnx/graph.ts';
import { renameCaptured } from '../onnx/subgraphs.ts';

/**
 * Common subexpressions: of nodes with the same operator, inputs and attributes one is kept. Gradient rules can then
 * ask for what they need (a transpose, a mask, a constant) without looking whether another rule has made it.
 */
export function shareCommon(graph: Graph): Graph {
  const renamed = new Map<string, string>();
  const current = (name: string): string => renamed.get(name) ?? name;
  const known = new Map<string, GraphNode>();
  const outputs = new Set(graph.outputs.map((each) => each.name));
  const nodes = graph.nodes.flatMap((node) => {
    const moved = { ...node, inputs: node.inputs.map(current), attributes: renameCaptured(node.attributes, current) };
    const key = keyOf(moved);
    const twin = key === undefined ? undefined : known.get(key);
    // A graph output keeps its own node: its name is part of the contract. A twin with fewer outputs cannot stand in.
    if (!twin || twin.outputs.length < node.outputs.length || node.outputs.some((each) => outputs.has(each))) {
      if (key !== undefined && !twin) known.set(key, moved);
      return [moved];
    }
    node.outputs.forEach((each, at) => renamed.set(each, twin.outputs[at]!));
    return [];
  });
  return { ...graph, nodes };
}

/** Undefined for nodes that are never shared: those with a subgraph. */
function keyOf({ opType, domain, inputs, attributes }: GraphNode): string | undefined {
  const entries = Object.entries(attributes).toSorted(([left], [right]) => (left < right ? -1 : 1));
  if (entries.some(([, attribute]) => attribute.kind === 'graph' || attribute.kind === 'tensor')) return undefined;
  return JSON.stringify([opType, domain, inputs, entries.map(([name, attribute]): [string, Attribute] => [name, attribute])]);
}
