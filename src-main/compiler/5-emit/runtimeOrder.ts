import type { Attribute, Graph, GraphNode } from '../onnx/graph.ts';

/**
 * Nodes in the order that makes ONNX Runtime run them as written. It walks a graph backwards from its last nodes, depth
 * first, the one with the highest number first: in the order of a step the whole chain of activation gradients would run
 * before the first weight gradient, and each of those would find its inputs cold and keep them alive. So what nothing reads
 * goes to the end, last first: then each weight gradient comes as soon as it can. Loop bodies too.
 *
 * Source: `GraphViewer` and `Graph::ReverseDFSFrom` in onnxruntime/core/graph. Measured: 2 % of a transformer's step,
 * and less memory.
 */
export function runtimeOrder(graph: Graph): Graph {
  const read = new Set(graph.nodes.flatMap((node) => [...node.inputs, ...Object.values(node.attributes).flatMap(namesIn)]));
  const isLast = (node: GraphNode): boolean => !node.outputs.some((name) => read.has(name));
  const nodes = [...graph.nodes.filter((node) => !isLast(node)), ...graph.nodes.filter(isLast).toReversed()];
  return {
    ...graph,
    nodes: nodes.map((node) => {
      const entries = Object.entries(node.attributes).map(([key, each]): [string, Attribute] => [
        key,
        each.kind === 'graph' ? { kind: 'graph', value: runtimeOrder(each.value) } : each,
      ]);
      return { ...node, attributes: Object.fromEntries(entries) };
    }),
  };
}

function namesIn(attribute: Attribute): string[] {
  if (attribute.kind !== 'graph') return [];
  return attribute.value.nodes.flatMap((node) => [...node.inputs, ...Object.values(node.attributes).flatMap(namesIn)]);
}
