import type { Attributes, Graph, GraphNode, TensorData } from '../onnx/graph.ts';

type FloatTensor = Extract<TensorData, { dtype: 'float32' }>;

/** A product whose weights are constants: what can be quantised. */
export interface WeightedNode {
  readonly node: GraphNode;
  readonly weights: FloatTensor;
  readonly bias: FloatTensor | undefined;
}

/** Adds nodes and constants behind what stays of a graph; names are made unique with the node's own as a stem. */
export class NodeWriter {
  readonly nodes: GraphNode[] = [];
  readonly initializers: Map<string, TensorData>;
  readonly #taken: Set<string>;

  constructor(graph: Graph) {
    this.initializers = new Map(graph.initializers);
    this.#taken = new Set([
      ...graph.inputs.map((each) => each.name),
      ...graph.initializers.keys(),
      ...graph.nodes.flatMap((each) => [each.name, ...each.outputs]),
    ]);
  }

  constant(stem: string, tensor: TensorData): string {
    const name = this.#unique(stem);
    this.initializers.set(name, tensor);
    return name;
  }

  /** Adds a node; `outputs` are names or how many new ones. Returns their names. */
  node(
    opType: string,
    inputs: readonly string[],
    stem: string,
    outputs: readonly string[] | number = 1,
    attributes: Attributes = {},
  ): string[] {
    const names = typeof outputs === 'number' ? Array.from({ length: outputs }, () => this.#unique(`${stem}_${opType}`)) : [...outputs];
    this.nodes.push({ opType, domain: '', name: this.#unique(`node_${stem}_${opType}`), inputs, outputs: names, attributes });
    return names;
  }

  #unique(stem: string): string {
    let name = stem;
    for (let count = 1; this.#taken.has(name); count++) name = `${stem}_${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** The graph with `rewrite` asked for every product with constant float32 weights of at least `leastWeights` numbers; false keeps the node. */
export function rewriteWeighted(
  graph: Graph,
  opTypes: ReadonlySet<string>,
  leastWeights: number,
  rewrite: (writer: NodeWriter, weighted: WeightedNode) => boolean,
): { graph: Graph; rewritten: readonly string[] } {
  const writer = new NodeWriter(graph);
  const rewritten: string[] = [];
  for (const node of graph.nodes) {
    const weights = floatConstant(graph, node.inputs[1]);
    const bias = node.inputs[2] ? floatConstant(graph, node.inputs[2]) : undefined;
    const fits = node.domain === '' && opTypes.has(node.opType) && weights && weights.data.length >= leastWeights;
    if (fits && rewrite(writer, { node, weights, bias })) rewritten.push(node.name);
    else writer.nodes.push(node);
  }
  const used = new Set([
    ...graph.outputs.map((each) => each.name),
    ...writer.nodes.flatMap((each) => [...each.inputs, ...capturedNames(each)]),
  ]);
  const initializers = new Map([...writer.initializers].filter(([name]) => used.has(name)));
  return { graph: { ...graph, nodes: writer.nodes, initializers }, rewritten };
}

function floatConstant(graph: Graph, name: string | undefined): FloatTensor | undefined {
  const tensor = name === undefined ? undefined : graph.initializers.get(name);
  return tensor?.dtype === 'float32' ? tensor : undefined;
}

/** Names that subgraphs of a node read from outside. */
function capturedNames(node: GraphNode): string[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === 'graph'
      ? [
          ...attribute.value.outputs.map((each) => each.name),
          ...attribute.value.nodes.flatMap((each) => [...each.inputs, ...capturedNames(each)]),
        ]
      : [],
  );
}
