import type { GraphNodeView, GraphView } from '../../../src-shared/domain/trainingGraph.ts';
import type { Graph, Value } from './graph.ts';
import { printAttributes, printElements, printGraph, printType } from './printGraph.ts';

/**
 * A graph as plain data for a viewer: bodies of Loop and If are nodes with a parent. `types`: shown in place of the graph's own, also in
 * the text.
 */
export function viewGraph(graph: Graph, types?: ReadonlyMap<string, Pick<Value, 'dtype' | 'shape'>>): GraphView {
  const constants: GraphView['constants'] = [];
  return {
    inputs: graph.inputs.map(nameAndType),
    outputs: graph.outputs.map(nameAndType),
    nodes: viewNodes(graph, null, constants, types ?? graph.valueTypes),
    constants,
    text: printGraph(graph, (name) => types?.get(name)),
  };
}

function viewNodes(
  graph: Graph,
  parent: string | null,
  constants: GraphView['constants'],
  types: ReadonlyMap<string, Pick<Value, 'dtype' | 'shape'>> | undefined,
): GraphNodeView[] {
  for (const [name, tensor] of graph.initializers) constants.push({ name, type: printType(tensor), elements: printElements(tensor) });
  return graph.nodes.flatMap((node): GraphNodeView[] => {
    const bodies = Object.values(node.attributes).flatMap((each) => (each.kind === 'graph' ? [each.value] : []));
    const view: GraphNodeView = {
      id: node.name,
      operator: node.domain === '' ? node.opType : `${node.domain}.${node.opType}`,
      inputs: node.inputs.filter((name) => name !== ''),
      outputs: node.outputs
        .filter((name) => name !== '')
        .map((name) => ({ name, type: printType(types?.get(name) ?? graph.outputs.find((each) => each.name === name)) })),
      attributes: printAttributes(node.attributes),
      parent,
    };
    return [view, ...bodies.flatMap((body) => viewNodes(body, node.name, constants, body.valueTypes))];
  });
}

function nameAndType(value: Value): { name: string; type: string } {
  return { name: value.name, type: printType(value) };
}
