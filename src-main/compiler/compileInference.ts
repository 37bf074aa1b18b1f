import { forInference } from './1-parse/parseForward.ts';
import { integer } from './onnx/attributes.ts';
import type { Graph, TensorData } from './onnx/graph.ts';
import { elementCount, renameGraph } from './onnx/graph.ts';

export interface InferenceOptions {
  /** 'softmax' adds a Softmax over the last axis, giving probabilities. Default 'none'. */
  readonly activation?: 'none' | 'softmax';
  /** Name of the output. Default: the forward graph's. */
  readonly outputName?: string;
  /** Outputs that only training has, as given to `compileTraining`; the state itself is among the weights. */
  readonly state?: Readonly<Record<string, string>>;
}

/**
 * The forward graph as it is served: weights become initializers (ONNX Runtime then packs them, which it cannot do with
 * inputs), Dropout and other randomness are off, the batch stays a name. Join it behind a feature graph with `mergeGraphs`.
 */
export function compileInference(
  forward: Graph,
  weights: Readonly<Record<string, Float32Array | Float64Array>>,
  { activation = 'none', outputName, state = {} }: InferenceOptions = {},
): Graph {
  const parameters = new Map(
    forward.inputs.flatMap((each): [string, TensorData][] =>
      each.name in weights ? [[each.name, tensorFor(each.name, each.shape ?? [], weights[each.name]!)]] : [],
    ),
  );
  const unknown = Object.keys(weights).filter((name) => !parameters.has(name));
  if (unknown.length > 0) throw new Error(`"${forward.name}" has no input ${unknown.join(', ')}.`);
  const served = forInference(forward, state);
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

/** One more node behind the output. Everything but the inputs moves under `network.`, so that any output name is free. */
function appendOutput(graph: Graph, opType: 'Softmax' | 'Identity', name: string): Graph {
  const inputs = new Set(graph.inputs.map((each) => each.name));
  if (inputs.has(name)) throw new Error(`"${name}" is an input; choose another name for the output.`);
  const inner = renameGraph(graph, (each) => (inputs.has(each) ? each : `network.${each}`));
  const output = inner.outputs[0]!;
  const attributes = opType === 'Softmax' ? { axis: integer(-1) } : {};
  const last = { opType, domain: '', name: `node_${name}`, inputs: [output.name], outputs: [name], attributes };
  return { ...inner, nodes: [...inner.nodes, last], outputs: [{ ...output, name }] };
}

function tensorFor(name: string, shape: readonly (number | string)[], data: Float32Array | Float64Array): TensorData {
  const fixed = shape.map(Number);
  if (elementCount(shape) !== data.length) throw new Error(`Weights "${name}": ${data.length} numbers do not fill [${shape.join(', ')}].`);
  // Copies: the trainer goes on writing into its own.
  return data instanceof Float32Array
    ? { dtype: 'float32', shape: fixed, data: data.slice() }
    : { dtype: 'float64', shape: fixed, data: data.slice() };
}
