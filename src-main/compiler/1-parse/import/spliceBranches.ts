import type { Graph, GraphNode, TensorData } from '../../onnx/graph.ts';
import { renameGraph } from '../../onnx/graph.ts';
import { typeGraph, type Bindings, type GraphTypes } from './typeGraph.ts';

/** Nesting that real models stay far below; a guard against a graph that never settles. */
const maxPasses = 32;

/**
 * Puts the branch in the place of each If whose condition is a constant of the model, not of the sizes that were bound: a
 * sampling rate that was given, a flag. What only the other branch used can then be dropped. (A condition that hangs on sizes
 * stays; phase 2 decides it for each compilation.)
 */
export function spliceBranches(graph: Graph, bindings: Bindings): Graph {
  let current = graph;
  for (let pass = 0; pass < maxPasses && current.nodes.some(isIf); pass++) {
    const types = typeGraph(current, bindings);
    const next = splice(current, types);
    if (next === current) break;
    current = next;
  }
  return current;
}

function splice(graph: Graph, types: GraphTypes): Graph {
  const hangsOnSizes = sizeDependent(graph);
  const initializers = new Map<string, TensorData>(graph.initializers);
  let changed = false;
  const nodes = graph.nodes.flatMap((node): readonly GraphNode[] => {
    const condition = node.inputs[0]!;
    const known = isIf(node) && !hangsOnSizes.has(condition) ? types.constantOf(condition) : undefined;
    const branch = known && node.attributes[Number(known.data[0]) === 0 ? 'else_branch' : 'then_branch'];
    if (branch?.kind !== 'graph') return [node];
    changed = true;
    const inner = ownNames(branch.value);
    const renamed = renameGraph(branch.value, (name) => (inner.has(name) ? `${node.name}/${name}` : name));
    for (const [name, tensor] of renamed.initializers) initializers.set(name, tensor);
    const results = renamed.outputs.map(({ name }, at): GraphNode => ({
      opType: 'Identity',
      domain: '',
      name: `${node.name}/output_${at}`,
      inputs: [name],
      outputs: [node.outputs[at]!],
      attributes: {},
    }));
    return [...renamed.nodes, ...results];
  });
  return changed ? { ...graph, nodes, initializers } : graph;
}

/** Values that follow from the sizes of others. */
function sizeDependent(graph: Graph): ReadonlySet<string> {
  const dependent = new Set<string>();
  for (const node of graph.nodes) {
    if (node.opType === 'Shape' || node.opType === 'Size' || node.inputs.some((name) => dependent.has(name)))
      for (const name of node.outputs) dependent.add(name);
  }
  return dependent;
}

/** Names that a branch defines, nodes and those of graphs inside it included; the others belong to the graph around. */
function ownNames(graph: Graph, names = new Set<string>()): Set<string> {
  for (const { name } of graph.inputs) names.add(name);
  for (const name of graph.initializers.keys()) names.add(name);
  for (const node of graph.nodes) {
    names.add(node.name);
    for (const name of node.outputs) names.add(name);
    for (const attribute of Object.values(node.attributes)) if (attribute.kind === 'graph') ownNames(attribute.value, names);
  }
  return names;
}

function isIf(node: GraphNode): boolean {
  return node.opType === 'If' && node.domain === '';
}
