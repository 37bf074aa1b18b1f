import type { Graph } from '../onnx/graph.ts';
import { renameCaptured } from '../onnx/subgraphs.ts';

/**
 * Drops Identity nodes: users read the original, and where the copy is a graph output, the node that makes the original
 * takes over the output's name. Kept where the output is an input, a constant, or a value that is an output already.
 */
export function bypassIdentity(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map((each) => each.name));
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const current = (name: string): string => {
    const next = renamed.get(name);
    return next === undefined ? name : current(next);
  };
  const dropped = new Set(
    graph.nodes.filter(({ opType, domain, inputs: [input], outputs: [output] }) => {
      if (opType !== 'Identity' || domain !== '' || input === undefined || output === undefined) return false;
      if (!outputs.has(output)) {
        renamed.set(output, input);
        return true;
      }
      const source = current(input);
      if (!made.has(source) || outputs.has(source)) return false;
      renamed.set(source, output);
      return true;
    }),
  );
  const nodes = graph.nodes
    .filter((node) => !dropped.has(node))
    .map((node) => ({
      ...node,
      inputs: node.inputs.map(current),
      outputs: node.outputs.map(current),
      attributes: renameCaptured(node.attributes, current),
    }));
  return { ...graph, nodes };
}
