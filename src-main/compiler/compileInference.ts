import { withoutDropout } from './1-parse/parseForward.ts';
import type { Graph, TensorData } from './onnx/graph.ts';
import { elementCount } from './onnx/graph.ts';
import { GraphBuilder } from './onnx/graphBuilder.ts';

export interface InferenceOptions {
  /** 'softmax' adds a Softmax over the last axis, giving probabilities. Default 'none'. */
  readonly activation?: 'none' | 'softmax';
  /** Name of the output. Default: the forward graph's. */
  readonly outputName?: string;
}

/**
 * The forward graph as it is served: weights become initializers (ONNX Runtime then packs them, which it cannot do with
 * inputs), Dropout is off, the batch stays a name. Join it behind a feature graph with `mergeGraphs`.
 */
export function compileInference(
  forward: Graph,
  weights: Readonly<Record<string, Float32Array | Float64Array>>,
  { activation = 'none', outputName }: InferenceOptions = {},
): Graph {
  const parameters = new Map(
    forward.inputs.flatMap((each): [string, TensorData][] =>
      each.name in weights ? [[each.name, tensorFor(each.name, each.shape ?? [], weights[each.name]!)]] : [],
    ),
  );
  const unknown = Object.keys(weights).filter((name) => !parameters.has(name));
  if (unknown.length > 0) throw new Error(`"${forward.name}" has no input ${unknown.join(', ')}.`);
  const served = withoutDropout(forward);
  const graph: Graph = {
    ...served,
    inputs: served.inputs.filter((each) => !parameters.has(each.name)),
    initializers: new Map([...served.initializers, ...parameters]),
  };
  const [output] = graph.outputs;
  if (!output) throw new Error(`"${forward.name}" has no output.`);
  const name = outputName ?? output.name;
  if (activation === 'none' && name === output.name) return graph;
  return appendOutput(graph, activation === 'softmax' ? 'Softmax' : 'Identity', name);
}

/** Replaces the output by one more node on it; the inner name moves out of the way when both are the same. */
function appendOutput(graph: Graph, opType: string, name: string): Graph {
  const output = graph.outputs[0]!;
  const names = new GraphBuilder();
  for (const node of graph.nodes) for (const each of node.outputs) names.uniqueName(each);
  const inner = name === output.name ? names.uniqueName(`${name}_logits`) : output.name;
  const move = (each: string): string => (each === output.name ? inner : each);
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(move), outputs: node.outputs.map(move) }));
  const last = {
    opType,
    domain: '',
    name: names.uniqueName(`node_${name}`),
    inputs: [inner],
    outputs: [name],
    attributes: opType === 'Softmax' ? { axis: { kind: 'int' as const, value: -1 } } : {},
  };
  return { ...graph, nodes: [...nodes, last], outputs: [{ ...output, name }] };
}

function tensorFor(name: string, shape: readonly (number | string)[], data: Float32Array | Float64Array): TensorData {
  const fixed = shape.map(Number);
  if (elementCount(shape) !== data.length) throw new Error(`Weights "${name}": ${data.length} numbers do not fill [${shape.join(', ')}].`);
  // Copies: the trainer goes on writing into its own.
  return data instanceof Float32Array
    ? { dtype: 'float32', shape: fixed, data: data.slice() }
    : { dtype: 'float64', shape: fixed, data: data.slice() };
}
