import type { Graph, GraphNode } from '../onnx/graph.ts';

/**
 * Splits a graph in two: what depends on `invariant` inputs and constants only, and the rest, which takes the values of the
 * first part that it needs as further inputs. Before a loop over micro-batches the first part runs once: reordered or
 * transposed weights. Nodes with subgraphs stay in the rest.
 */
export function hoistInvariant(graph: Graph, invariant: ReadonlySet<string>): { before: Graph; rest: Graph } {
  const known = new Set([...invariant, ...graph.initializers.keys(), '']);
  const belongsBefore = (node: GraphNode): boolean =>
    node.inputs.every((each) => known.has(each)) && Object.values(node.attributes).every((each) => each.kind !== 'graph');
  const before: GraphNode[] = [];
  const rest: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (!belongsBefore(node)) {
      rest.push(node);
      continue;
    }
    before.push(node);
    for (const each of node.outputs) known.add(each);
  }
  return {
    before: { ...graph, inputs: graph.inputs.filter((each) => invariant.has(each.name)), nodes: before },
    rest: { ...graph, nodes: rest },
  };
}
