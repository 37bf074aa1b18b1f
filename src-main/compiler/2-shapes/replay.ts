import { typed, type TypedOps, type TypedValue } from './typedOps.ts';
import type { Attributes, Graph, GraphNode, Value } from '../onnx/graph.ts';
import { isKnownOperator } from './shapeRules.ts';

export interface ReplayOptions {
  /** Asked for a value that is neither input, constant nor computed (a Dropout mask, whose shape is that of its partner). */
  readonly missing?: (name: string, node: GraphNode, partner: TypedValue) => Value;
  /** Replaces a node by others; undefined leaves it as it is. Outputs that the node leaves out may be undefined. */
  readonly decompose?: (
    operator: string,
    inputs: readonly (TypedValue | undefined)[],
    attributes: Attributes,
    outputCount: number,
  ) => readonly (TypedValue | undefined)[] | undefined;
}

/**
 * Phase 2. Runs `graph` on types instead of numbers: adds its nodes to another graph, one by one, and so finds the shape
 * of everything in it. `inputs` gives the new value for each input of `graph`. Returns the new value by old name.
 */
export function replay(
  g: TypedOps,
  graph: Graph,
  inputs: ReadonlyMap<string, Value>,
  { missing, decompose }: ReplayOptions = {},
): ReadonlyMap<string, TypedValue> {
  const values = new Map<string, TypedValue>([...inputs].map(([name, value]) => [name, typed(value)]));
  for (const [name, tensor] of graph.initializers) values.set(name, g.constant(tensor));
  for (const node of graph.nodes) {
    const operator = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    const nodeInputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const partner = values.get(node.inputs[0]!);
      const value = values.get(name) ?? (partner && missing ? typed(missing(name, node, partner)) : undefined);
      if (!value) throw new Error(`"${graph.name}" uses "${name}" before it is made.`);
      values.set(name, value);
      return value;
    });
    const outputs = decompose?.(operator, nodeInputs, node.attributes, node.outputs.length) ?? addNode(g, operator, nodeInputs, node);
    node.outputs.forEach((name, at) => {
      if (name !== '' && outputs[at]) values.set(name, outputs[at]);
    });
  }
  return values;
}

function addNode(g: TypedOps, operator: string, inputs: readonly (TypedValue | undefined)[], node: GraphNode): readonly TypedValue[] {
  if (!isKnownOperator(operator)) throw new Error(`No shape rule for ${operator}.`);
  // Keeps the node's own names where they are free, so that a graph can be followed through the phases.
  const names = node.outputs.map((name) => g.graph.uniqueName(name === '' ? `${node.opType}_unused` : name));
  return g.node(operator, inputs, node.attributes, names);
}
