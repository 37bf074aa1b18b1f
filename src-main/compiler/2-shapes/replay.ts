import { typed, type TypedOps, type TypedValue } from './typedOps.ts';
import type { Graph, GraphNode, Value } from '../onnx/graph.ts';
import { isKnownOperator } from './shapeRules.ts';

/** A node together with its inputs and outputs as they are in the graph under construction. */
export interface ReplayedNode {
  readonly node: GraphNode;
  readonly inputs: readonly (TypedValue | undefined)[];
  readonly outputs: readonly TypedValue[];
}

export interface Replayed {
  /** New value by the name in the replayed graph. */
  readonly values: ReadonlyMap<string, TypedValue>;
  readonly nodes: readonly ReplayedNode[];
}

/**
 * Phase 2. Runs `graph` on types instead of numbers: adds its nodes to another graph, one by one, and so finds the shape
 * of everything in it. `inputs` gives the new value for each input of `graph`; `missing` is asked for a value that is
 * neither input, constant nor computed (a Dropout mask, whose shape is that of its partner).
 */
export function replay(
  g: TypedOps,
  graph: Graph,
  inputs: ReadonlyMap<string, Value>,
  missing?: (name: string, node: GraphNode, partner: TypedValue) => Value,
): Replayed {
  const values = new Map<string, TypedValue>([...inputs].map(([name, value]) => [name, typed(value)]));
  for (const [name, tensor] of graph.initializers) values.set(name, g.constant(tensor));
  const nodes = graph.nodes.map((node): ReplayedNode => {
    if (!isKnownOperator(node.opType)) throw new Error(`No shape rule for ${node.opType}.`);
    const nodeInputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const partner = values.get(node.inputs[0]!);
      const value = values.get(name) ?? (partner && missing ? typed(missing(name, node, partner)) : undefined);
      if (!value) throw new Error(`"${graph.name}" uses "${name}" before it is made.`);
      values.set(name, value);
      return value;
    });
    // Keeps the node's own name where it is free, so that a graph can be followed through the phases.
    const output = g.op(node.opType, nodeInputs, node.attributes, g.graph.uniqueName(node.outputs[0]!));
    values.set(node.outputs[0]!, output);
    return { node, inputs: nodeInputs, outputs: [output] };
  });
  return { values, nodes };
}
