import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Graph, GraphNode, Shape, TensorData, Value } from '../onnx/graph.ts';
import { isSupported, operatorKey } from '../gradients/index.ts';

/** A mask of random zeros and ones that a Dropout multiplies by, scaled so that the mean stays: 1/(1 − rate) or 0. */
export interface KeepMask {
  /** Name of the graph input that takes it, same type and shape as the data. */
  readonly name: string;
  readonly rate: number;
}

/** A forward graph that the compiler understands: known operators only, the batch size bound, Dropout turned into Mul by an input. */
export interface ParsedForward {
  readonly graph: Graph;
  /** Inputs that training changes. */
  readonly parameters: readonly Value[];
  /** Inputs that come from data rows; their first axis is the batch. */
  readonly dataInputs: readonly Value[];
  /** Inputs that Dropout multiplies by; one shape each, found in phase 2. */
  readonly keepMasks: readonly KeepMask[];
  /** The one output: logits or predicted values, first axis the batch. */
  readonly output: Value;
}

/**
 * Phase 1. `parameters` names the inputs of `forward` that are weights; every other input is data whose first axis is a
 * name such as 'N', which becomes `batchSize`.
 *
 * Throws MK_COMPILER_OPERATOR_UNSUPPORTED for an operator without a gradient rule; an ordinary Error for our own mistakes.
 */
export function parseForward(forward: Graph, parameterNames: readonly string[], batchSize: number): ParsedForward {
  const [output] = forward.outputs;
  if (!output || forward.outputs.length > 1)
    throw new Error(`"${forward.name}" needs exactly one output to train on, it has ${forward.outputs.length}.`);
  for (const name of parameterNames)
    if (!forward.inputs.some((each) => each.name === name)) throw new Error(`"${forward.name}" has no input "${name}" to train.`);
  const isParameter = (value: Value): boolean => parameterNames.includes(value.name);
  const dataInputs = forward.inputs.filter((each) => !isParameter(each));
  const batchSymbol = symbolOf(dataInputs);
  const bind = (value: Value): Value => ({ ...value, shape: value.shape?.map((dim) => (dim === batchSymbol ? batchSize : dim)) });

  const keepMasks: KeepMask[] = [];
  const nodes = forward.nodes.map((node): GraphNode => {
    const operator = operatorKey(node.domain, node.opType);
    if (!isSupported(operator) && operator !== 'Dropout')
      throw new ModelkeepError('MK_COMPILER_OPERATOR_UNSUPPORTED', { operator, node: node.name });
    if (node.opType !== 'Dropout') return node;
    const mask = { name: `keep.${node.name}`, rate: dropoutRate(node, forward.initializers) };
    keepMasks.push(mask);
    return {
      opType: 'Mul',
      domain: '',
      name: node.name,
      inputs: [node.inputs[0]!, mask.name],
      outputs: [node.outputs[0]!],
      attributes: {},
    };
  });
  const inputs = forward.inputs.map(bind);
  return {
    // Types of the masks are known after phase 2; they are not among the inputs until then.
    graph: { ...forward, inputs, outputs: [bind(output)], nodes },
    parameters: inputs.filter(isParameter),
    dataInputs: dataInputs.map(bind),
    keepMasks,
    output: bind(output),
  };
}

/** The forward graph as it is served: every Dropout passes its input on. */
export function withoutDropout(forward: Graph): Graph {
  return {
    ...forward,
    nodes: forward.nodes.map((node) =>
      node.opType === 'Dropout' && node.domain === ''
        ? { ...node, opType: 'Identity', inputs: [node.inputs[0]!], outputs: [node.outputs[0]!], attributes: {} }
        : node,
    ),
  };
}

function symbolOf(dataInputs: readonly Value[]): string {
  const symbols = new Set(dataInputs.map((each) => firstDim(each.name, each.shape)));
  const [symbol] = symbols;
  if (symbol === undefined) throw new Error('A forward graph needs an input that takes data.');
  if (symbols.size > 1) throw new Error(`Data inputs name their batch differently: ${[...symbols].join(', ')}.`);
  return symbol;
}

function firstDim(name: string, shape: Shape | undefined): string {
  const dim = shape?.[0];
  if (typeof dim !== 'string') throw new Error(`The first axis of the data input "${name}" must be a name such as 'N'.`);
  return dim;
}

function dropoutRate(node: GraphNode, initializers: ReadonlyMap<string, TensorData>): number {
  const ratio = node.inputs[1];
  if (!ratio) return 0.5; // ONNX's default.
  const tensor = initializers.get(ratio);
  const rate = tensor && Number(tensor.data[0]);
  if (rate === undefined || !(rate >= 0 && rate < 1))
    throw new Error(`Dropout "${node.name}": its ratio must be a constant of at least 0 and below 1.`);
  // In the steps in which masks are drawn, so that the scale matches what is kept.
  return Math.round(rate * 65536) / 65536;
}
