import type { Attribute, Attributes, Graph } from './graph.ts';

/** Names that a subgraph reads from the graphs around it, in the order in which they are first read. */
export function capturedNames(graph: Graph): string[] {
  const made = new Set([
    ...graph.inputs.map((each) => each.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const read = [
    ...graph.nodes.flatMap((node) => [...node.inputs, ...capturedByAttributes(node.attributes)]),
    ...graph.outputs.map((each) => each.name),
  ];
  return [...new Set(read.filter((name) => name !== '' && !made.has(name)))];
}

/** The same for all subgraphs of a node. */
export function capturedByAttributes(attributes: Attributes): string[] {
  const graphs = Object.values(attributes).filter((each) => each.kind === 'graph');
  return [...new Set(graphs.flatMap((each) => capturedNames(each.value)))];
}

/**
 * Subgraphs as another graph can hold them: what they read from outside passes through `outer`, what they make through
 * `inner` (ONNX forbids a subgraph to reuse a name of a graph around it).
 */
export function rebindSubgraphs(attributes: Attributes, outer: (name: string) => string, inner: (name: string) => string): Attributes {
  if (!hasSubgraph(attributes)) return attributes;
  return Object.fromEntries(
    Object.entries(attributes).map(([key, each]): [string, Attribute] => [
      key,
      each.kind === 'graph' ? { kind: 'graph', value: rebind(each.value, outer, inner) } : each,
    ]),
  );
}

/** Subgraphs whose surroundings have renamed values. */
export function renameCaptured(attributes: Attributes, outer: (name: string) => string): Attributes {
  return rebindSubgraphs(attributes, outer, (name) => name);
}

export function hasSubgraph(attributes: Attributes): boolean {
  return Object.values(attributes).some((each) => each.kind === 'graph');
}

function rebind(graph: Graph, outer: (name: string) => string, inner: (name: string) => string): Graph {
  const own = new Map<string, string>();
  for (const each of graph.inputs) own.set(each.name, inner(each.name));
  for (const name of graph.initializers.keys()) own.set(name, inner(name));
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') own.set(name, inner(name));
  const renamed = (name: string): string => (name === '' ? '' : (own.get(name) ?? outer(name)));
  return {
    name: graph.name,
    inputs: graph.inputs.map((each) => ({ ...each, name: renamed(each.name) })),
    outputs: graph.outputs.map((each) => ({ ...each, name: renamed(each.name) })),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
      attributes: rebindSubgraphs(node.attributes, renamed, inner),
    })),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [renamed(name), tensor])),
  };
}
