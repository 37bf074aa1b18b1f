import { executionOrder } from '../../onnx/executionOrder.ts';
import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { capturedByAttributes } from '../../onnx/subgraphs.ts';
import { runtimeOrder } from '../../5-emit/runtimeOrder.ts';
import { valueSizes, type ValueSizes } from './valueSizes.ts';

/**
 * The most bytes that computed values of a graph take at once, in the order in which the runtime executes what phase 5 writes:
 * each lives from its node to its last use, outputs to the end. Inputs and constants are not counted.
 */
export function peakBytes(graph: Graph, sizes: ValueSizes = valueSizes(graph)): number {
  return peakInOrder(
    executionOrder(runtimeOrder(graph)),
    graph.outputs.map(({ name }) => name),
    sizes,
  );
}

export function peakInOrder(order: readonly GraphNode[], outputs: readonly string[], { bytesOf, ownerOf }: ValueSizes): number {
  const readBy = order.map((node) => [...node.inputs, ...capturedByAttributes(node.attributes)].map(ownerOf));
  const lastUse = new Map<string, number>();
  order.forEach((node, at) => {
    for (const name of [...readBy[at]!, ...node.outputs.map(ownerOf)]) lastUse.set(name, at);
  });
  for (const name of outputs) lastUse.set(ownerOf(name), Infinity);
  const alive = new Map<string, number>();
  let [live, peak] = [0, 0];
  order.forEach((node, at) => {
    for (const name of node.outputs) {
      const bytes = bytesOf(name);
      if (bytes === 0) continue;
      alive.set(name, bytes);
      live += bytes;
    }
    peak = Math.max(peak, live);
    for (const name of new Set([...readBy[at]!, ...node.outputs.map(ownerOf)])) {
      if (lastUse.get(name)! > at) continue;
      live -= alive.get(name) ?? 0;
      alive.delete(name);
    }
  });
  return peak;
}
