import { removeUnused } from '../../4-fuse/removeUnused.ts';
import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { capturedByAttributes } from '../../onnx/subgraphs.ts';
import type { Pattern, PatternContext } from './definePattern.ts';
import { gelu, tanhGelu } from './gelu.ts';
import { layerNormalization } from './layerNormalization.ts';

export const patterns: readonly Pattern[] = [gelu, tanhGelu, layerNormalization];

/**
 * One node in the place of several that exporters write for it: it has a gradient rule of its own, with fewer passes and less to
 * keep, and a kernel of its own when served. Names of values and weights stay. (Attention stays products and a Softmax: phase 2
 * writes the operator so, too, and phase 4 finds its fast form.) Subgraphs stay as they are.
 */
export function recognise(graph: Graph, shapeOf: PatternContext['shapeOf']): Graph {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const readers = new Map<string, number>();
  const read = (name: string, times = 1): unknown => readers.set(name, (readers.get(name) ?? 0) + times);
  for (const node of graph.nodes) {
    for (const name of node.inputs) read(name);
    for (const name of capturedByAttributes(node.attributes)) read(name, 2);
  }
  for (const { name } of graph.outputs) read(name, 2);
  const constant = (name: string | undefined): ReturnType<PatternContext['constant']> =>
    name === undefined ? undefined : graph.initializers.get(name);
  const context: PatternContext = {
    madeBy: (name, operator) => {
      const node = name === undefined ? undefined : producers.get(name);
      return node?.domain === '' && node.opType === operator ? node : undefined;
    },
    constant,
    number: (name) => {
      const tensor = constant(name);
      if (tensor?.dtype !== 'float32' && tensor?.dtype !== 'float64') return undefined;
      return tensor.data.length === 1 ? tensor.data[0] : undefined;
    },
    shapeOf,
    readOnce: (name) => readers.get(name) === 1,
  };
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.domain !== '' || node.outputs.length !== 1) return node;
    for (const { operator, ends, match } of patterns) {
      const found = ends.includes(node.opType) ? match(node, context) : undefined;
      if (found) return { ...node, opType: operator, ...found };
    }
    return node;
  });
  return removeUnused({ ...graph, nodes });
}
