import { removeUnused } from '../4-fuse/removeUnused.ts';
import { renameGraph, type Graph, type GraphNode, type Shape } from '../onnx/graph.ts';
import { capturedByAttributes } from '../onnx/subgraphs.ts';

/**
 * Outputs that are a Reshape of something computed become that, in its shape: the same numbers in the same order. ONNX Runtime
 * copies to reshape into an output: 2 ms for a weight of 512×512×3×3. Only outputs that `wants` names, and only where nothing
 * else reads the Reshape.
 */
export function outputsAsComputed(graph: Graph, wants: (name: string) => boolean, shapeOf: (name: string) => Shape | undefined): Graph {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const read = new Set(graph.nodes.flatMap((node) => [...node.inputs, ...capturedByAttributes(node.attributes)]));
  const taken = new Set(graph.outputs.map((each) => each.name));
  const sources = new Map<string, string>();
  for (const { name } of graph.outputs.filter((each) => wants(each.name) && !read.has(each.name))) {
    const source = reshapedBy(makers.get(name));
    // Weights, data and constants lie where they are: those are copied. What is an output already keeps its name.
    if (source === undefined || !makers.has(source) || taken.has(source) || shapeOf(source) === undefined) continue;
    sources.set(name, source);
    taken.add(source);
  }
  if (sources.size === 0) return graph;
  const names = new Map([...sources].map(([output, source]) => [source, output]));
  const replaced = new Set(sources.keys());
  const without = removeUnused({
    ...graph,
    nodes: graph.nodes.filter((node) => !node.outputs.some((name) => replaced.has(name))),
    outputs: graph.outputs.map((each) => {
      const source = sources.get(each.name);
      return source === undefined ? each : { ...each, name: source, shape: shapeOf(source)! };
    }),
  });
  return renameGraph(without, (name) => names.get(name) ?? name);
}

function reshapedBy(node: GraphNode | undefined): string | undefined {
  return node?.domain === '' && node.opType === 'Reshape' ? node.inputs[0] : undefined;
}
