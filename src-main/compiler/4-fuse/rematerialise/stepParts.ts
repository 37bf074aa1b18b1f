import { executionOrder } from '../../onnx/executionOrder.ts';
import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { capturedByAttributes } from '../../onnx/subgraphs.ts';
import { runtimeOrder } from '../../5-emit/runtimeOrder.ts';
import { valueSizes, type ValueSizes } from './valueSizes.ts';

/** A step graph as it is executed, and what of it could be computed again. */
export interface StepParts {
  readonly graph: Graph;
  readonly order: readonly GraphNode[];
  readonly sizes: ValueSizes;
  readonly producers: ReadonlyMap<string, GraphNode>;
  /** Nodes that lead to the loss or to a state, in order; the others are the backward half. */
  readonly forward: readonly GraphNode[];
  /** The node is of the forward half, and what it makes hangs on data and is no output: it may be dropped and made again. */
  mayRepeat(node: GraphNode): boolean;
  /** Hangs on data, not on weights and constants alone. */
  isData(name: string): boolean;
  /** What a node reads, subgraphs included. */
  reads(node: GraphNode): readonly string[];
  /** Values of the forward half that the backward half reads, by the name that owns the memory. */
  readonly kept: ReadonlySet<string>;
}

/** `gradients` names the outputs that only the backward half leads to; `weights` the inputs that stay from batch to batch. */
export function stepParts(graph: Graph, gradients: ReadonlySet<string>, weights: ReadonlySet<string>): StepParts {
  const sizes = valueSizes(graph);
  const order = executionOrder(runtimeOrder(graph));
  const producers = new Map(order.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const read = new Map(
    order.map((node) => [node, [...new Set([...node.inputs, ...capturedByAttributes(node.attributes)])].filter(Boolean)]),
  );
  const reads = (node: GraphNode): readonly string[] => read.get(node)!;
  const outputs = new Set(graph.outputs.map(({ name }) => name));

  const leading = new Set<GraphNode>();
  const wanted = new Set([...outputs].filter((name) => !gradients.has(name)));
  for (const node of order.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    leading.add(node);
    for (const name of reads(node)) wanted.add(name);
  }
  const data = new Set(graph.inputs.map(({ name }) => name).filter((name) => !weights.has(name)));
  for (const node of order) if (reads(node).some((name) => data.has(name))) for (const name of node.outputs) data.add(name);
  const owned = new Set([...outputs].map(sizes.ownerOf));
  const mayRepeat = (node: GraphNode): boolean =>
    leading.has(node) && node.outputs.every((name) => !owned.has(name) && (name === '' || data.has(name)));

  const backward = order.filter((node) => !leading.has(node));
  const kept = new Set(
    backward.flatMap((node) => reads(node).map(sizes.ownerOf)).filter((name) => leading.has(producers.get(name) ?? backward[0]!)),
  );
  return {
    graph,
    order,
    sizes,
    producers,
    forward: order.filter((node) => leading.has(node)),
    mayRepeat,
    isData: (name) => data.has(name),
    reads,
    kept,
  };
}
