import type { Graph, GraphNode } from './graph.ts';
import { capturedByAttributes } from './subgraphs.ts';

/**
 * Nodes of a graph in the order in which ONNX Runtime runs them when nothing is fused: backwards from what nothing reads, depth
 * first, the node with the highest number first.
 *
 * Source: `GraphViewer` and `Graph::ReverseDFSFrom` in onnxruntime/core/graph.
 */
export function executionOrder(graph: Graph): readonly GraphNode[] {
  const { nodes } = graph;
  const madeAt = new Map(nodes.flatMap((node, at) => node.outputs.map((name): [string, number] => [name, at])));
  const sources = nodes.map((node) => {
    const made = [...node.inputs, ...capturedByAttributes(node.attributes)].map((name) => madeAt.get(name));
    return [...new Set(made.filter((each) => each !== undefined))].toSorted((left, right) => left - right);
  });
  const read = new Set(sources.flat());
  const visited = new Set<number>();
  const order: GraphNode[] = [];
  // A node is pushed twice: to look at what it reads, and to run it once that has run.
  const stack: { at: number; ready: boolean }[] = nodes.flatMap((_, at) => (read.has(at) ? [] : [{ at, ready: false }]));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { at, ready } = next;
    if (ready) {
      order.push(nodes[at]!);
      continue;
    }
    if (visited.has(at)) continue;
    visited.add(at);
    stack.push({ at, ready: true });
    for (const source of sources[at]!) if (!visited.has(source)) stack.push({ at: source, ready: false });
  }
  return order;
}
