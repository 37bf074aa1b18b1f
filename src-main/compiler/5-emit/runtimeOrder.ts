import type { Attribute, Graph, GraphNode } from '../onnx/graph.ts';

/**
 * Nodes in the order that makes ONNX Runtime run them as soon as they can. It walks a graph backwards from what nothing reads,
 * depth first, the node with the highest number first: given in another order, the whole chain of activation gradients
 * would run before the first weight gradient, and each of those would find its inputs cold and keep them alive. So what nothing
 * reads goes to the end, and what is ready first comes last. Loop bodies too.
 *
 * Source: `GraphViewer` and `Graph::ReverseDFSFrom` in onnxruntime/core/graph.
 */
export function runtimeOrder(graph: Graph): Graph {
  const read = new Set(graph.nodes.flatMap((node) => [...node.inputs, ...Object.values(node.attributes).flatMap(namesIn)]));
  const madeAt = new Map(graph.nodes.flatMap((node, at) => node.outputs.map((name): [string, number] => [name, at])));
  const readyAt = (node: GraphNode): number => Math.max(0, ...node.inputs.map((name) => madeAt.get(name) ?? 0));
  const isLast = (node: GraphNode): boolean => !node.outputs.some((name) => read.has(name));
  const last = graph.nodes.filter(isLast).toSorted((left, right) => readyAt(right) - readyAt(left));
  const nodes = [...graph.nodes.filter((node) => !isLast(node)), ...last];
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
