import type { Graph, GraphNode } from '../onnx/graph.ts';
import { capturedByAttributes } from '../onnx/subgraphs.ts';

/**
 * Splits off the end of a graph whose outputs are going to be summed over micro-batches: f(a) + f(b) = f(a + b) for moves and
 * for products with an invariant factor. `body` gives the values in front of them, `after` takes their sums under the
 * same names and gives the outputs. So a weight gradient in another layout is turned round once, not once a micro-batch.
 */
export function sinkLinear(graph: Graph, summed: ReadonlySet<string>, invariant: ReadonlySet<string>): { body: Graph; after: Graph } {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const readers = new Map<string, number>();
  for (const node of graph.nodes)
    for (const name of [...node.inputs, ...capturedByAttributes(node.attributes)]) readers.set(name, (readers.get(name) ?? 0) + 1);
  const known = (name: string): boolean => invariant.has(name) || graph.initializers.has(name) || name === '';
  const sunk = new Set<GraphNode>();
  const fronts = graph.outputs.map(({ name, ...type }) => {
    let front = name;
    while (summed.has(name)) {
      const node = producers.get(front);
      const source = node && linearIn(node, known);
      // Read twice, it is needed inside as well.
      if (!node || !source || (readers.get(front) ?? 0) > (front === name ? 0 : 1) || producers.get(source) === undefined) break;
      sunk.add(node);
      front = source;
    }
    // What lies behind a move has another shape than the output; it is found out by replaying the body.
    return front === name ? { name, ...type } : { name: front, dtype: type.dtype };
  });
  // Two outputs may lead to one value.
  const distinct = [...new Map(fronts.map((each) => [each.name, each])).values()];
  return {
    body: { ...graph, nodes: graph.nodes.filter((node) => !sunk.has(node)), outputs: distinct },
    after: { ...graph, inputs: distinct, nodes: graph.nodes.filter((node) => sunk.has(node)) },
  };
}

/** The input in which the node is linear, when all others are known before the loop. */
function linearIn({ opType, domain, inputs }: GraphNode, known: (name: string) => boolean): string | undefined {
  const [first, second] = inputs;
  if (domain !== '' || first === undefined) return undefined;
  if (opType === 'Transpose' || opType === 'Neg' || opType === 'Identity') return first;
  if (opType === 'Reshape') return second !== undefined && known(second) ? first : undefined;
  if (opType === 'Gather') return second !== undefined && known(second) && !known(first) ? first : undefined;
  if (opType !== 'Mul' || second === undefined) return undefined;
  if (known(second)) return first;
  return known(first) ? second : undefined;
}
