import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { refusal } from '../2-shapes/refusal.ts';
import { foldedOperators } from '../2-shapes/fold/foldNode.ts';
import { isSupported, operatorKey } from '../gradients/index.ts';
import type { Attributes, Graph, GraphNode, Shape, TensorData, Value } from '../onnx/graph.ts';

/** A mask of random zeros and ones that a Dropout multiplies by, scaled so that the mean stays: 1/(1 − rate) or 0. */
export interface KeepMask {
  /** Name of the graph input that takes it, same type and shape as the data. */
  readonly name: string;
  readonly rate: number;
}

/** What the inputs of a forward graph are, by name; every input that is not listed is data. */
export interface InputRoles {
  /** Weights that training changes. */
  readonly parameters: readonly string[];
  /** Weights that stay: no gradient is computed for them. */
  readonly frozen?: readonly string[];
  /** Values that a step replaces by an output of the forward graph: running statistics. Input name → output name. */
  readonly state?: Readonly<Record<string, string>>;
  /** Sizes of names other than the batch's, such as { T: 64 }. */
  readonly bindings?: Readonly<Record<string, number>>;
}

/** A forward graph that the compiler understands: known operators only, all sizes bound, Dropout turned into Mul by an input. */
export interface ParsedForward {
  readonly graph: Graph;
  readonly parameters: readonly Value[];
  readonly frozen: readonly Value[];
  readonly state: readonly { readonly input: Value; readonly output: string }[];
  /** Inputs that come from data rows; their first axis is the batch. */
  readonly dataInputs: readonly Value[];
  /** Inputs that Dropout multiplies by; one shape each, found in phase 2. */
  readonly keepMasks: readonly KeepMask[];
  /** What the loss reads: logits or predicted values, first axis the batch. Without the outputs that are state. */
  readonly outputs: readonly Value[];
}

/**
 * Phase 1. The first axis of every data input is a name such as 'N', which becomes `batchSize`.
 *
 * Throws MK_COMPILER_OPERATOR_UNSUPPORTED for an operator without a gradient rule, MK_COMPILER_SHAPE_UNKNOWN for an input without
 * a shape, MK_COMPILER_SIZES_UNBOUND for names that `bindings` leaves open; an ordinary Error for our own mistakes.
 */
export function parseForward(forward: Graph, roles: InputRoles, batchSize: number): ParsedForward {
  const { parameters, frozen = [], state = {}, bindings = {} } = roles;
  for (const name of [...parameters, ...frozen, ...Object.keys(state)])
    if (!forward.inputs.some((each) => each.name === name)) throw new Error(`"${forward.name}" has no input "${name}".`);
  const unknown = forward.inputs.find(({ shape }) => !shape);
  if (unknown) throw new ModelkeepError('MK_COMPILER_SHAPE_UNKNOWN', { tensor: unknown.name });
  const named = new Set([...parameters, ...frozen, ...Object.keys(state)]);
  const dataInputs = forward.inputs.filter((each) => !named.has(each.name));
  const sizes: Readonly<Record<string, number>> = { ...bindings, [batchSymbolOf(dataInputs)]: batchSize };
  const bind = (value: Value): Value => ({
    ...value,
    shape: value.shape?.map((dim) => (typeof dim === 'string' ? (sizes[dim] ?? dim) : dim)),
  });
  const stateOutputs = new Set(Object.values(state));
  const outputs = forward.outputs.filter((each) => !stateOutputs.has(each.name));
  if (outputs.length === 0) throw new Error(`"${forward.name}" has no output to train on.`);

  const { nodes, keepMasks } = withoutDropout(forward);
  const inputs = forward.inputs.map(bind);
  const open = inputs.flatMap(({ shape }) => shape ?? []).filter((dim) => typeof dim === 'string');
  if (open.length > 0) throw new ModelkeepError('MK_COMPILER_SIZES_UNBOUND', { names: [...new Set(open)].join(', ') });
  const byName = (name: string): Value => inputs.find((each) => each.name === name)!;
  return {
    // Types of the masks are known after phase 2; they are not among the inputs until then.
    graph: { ...forward, inputs, outputs: forward.outputs.map(bind), nodes },
    parameters: parameters.map(byName),
    frozen: frozen.map(byName),
    state: Object.entries(state).map(([input, output]) => ({ input: byName(input), output })),
    dataInputs: dataInputs.map(bind),
    keepMasks,
    outputs: outputs.map(bind),
  };
}

/**
 * The forward graph as it is served: Dropout passes its input on, BatchNormalization uses the statistics that it is given,
 * random numbers are their mean. `state` names the outputs that only training has.
 */
export function forInference(forward: Graph, state: Readonly<Record<string, string>> = {}): Graph {
  const stateOutputs = new Set(Object.values(state));
  return {
    ...forward,
    outputs: forward.outputs.filter((each) => !stateOutputs.has(each.name)),
    nodes: forward.nodes.flatMap((node): readonly GraphNode[] => {
      const operator = operatorKey(node.domain, node.opType);
      if (operator === 'Dropout') return [replaced(node, 'Identity', [node.inputs[0]!])];
      if (operator in randomOperators) return meanLike(node);
      if (operator !== 'BatchNormalization') return [node];
      const { training_mode: _training, ...attributes } = node.attributes;
      return [{ ...node, attributes, outputs: [node.outputs[0]!] }];
    }),
  };
}

/** Operators that draw random numbers of the shape of their input. Phase 3 makes each an input that the trainer fills. */
export const randomOperators: Readonly<Record<string, (attributes: Attributes) => Distribution>> = {
  RandomNormalLike: (attributes) => ({
    distribution: 'normal',
    offset: readNumber(attributes, 'mean', 0),
    scale: readNumber(attributes, 'scale', 1),
  }),
  RandomUniformLike: (attributes) => {
    const low = readNumber(attributes, 'low', 0);
    return { distribution: 'uniform', offset: low, scale: readNumber(attributes, 'high', 1) - low };
  },
};

/** value = offset + scale · number, of standard normal numbers or numbers in [0, 1). */
export interface Distribution {
  readonly distribution: 'normal' | 'uniform';
  readonly offset: number;
  readonly scale: number;
}

/** A tensor full of the distribution's mean, in the shape of the input. */
function meanLike(node: GraphNode): readonly GraphNode[] {
  const { distribution, offset, scale } = randomOperators[node.opType]!(node.attributes);
  const mean = distribution === 'normal' ? offset : offset + scale / 2;
  const [output, sizes] = [node.outputs[0]!, `${node.outputs[0]!}.sizes`];
  const value: TensorData = { dtype: 'float32', shape: [1], data: Float32Array.of(mean) };
  return [
    { ...replaced(node, 'Shape', [node.inputs[0]!]), name: sizes, outputs: [sizes] },
    { ...replaced(node, 'ConstantOfShape', [sizes]), outputs: [output], attributes: { value: { kind: 'tensor', value } } },
  ];
}

function withoutDropout(forward: Graph): { nodes: readonly GraphNode[]; keepMasks: readonly KeepMask[] } {
  const keepMasks: KeepMask[] = [];
  const nodes = forward.nodes.map((node): GraphNode => {
    const operator = operatorKey(node.domain, node.opType);
    if (operator === 'Dropout') {
      const mask = { name: `keep.${node.name}`, rate: dropoutRate(node, forward.initializers) };
      keepMasks.push(mask);
      return replaced(node, 'Mul', [node.inputs[0]!, mask.name]);
    }
    if (!isSupported(operator) && !(operator in randomOperators) && !isReplaced(operator)) throw refusal(operator, node.name);
    return node;
  });
  return { nodes, keepMasks };
}

/** Phase 2 puts constants or the nodes of a branch or body in the place of these. Where it cannot, it says so by name. */
function isReplaced(operator: string): boolean {
  return foldedOperators.includes(operator) || ['If', 'Loop', 'Scan'].includes(operator);
}

function replaced({ name, outputs }: GraphNode, opType: string, inputs: readonly string[]): GraphNode {
  return { opType, domain: '', name, inputs, outputs: [outputs[0]!], attributes: {} };
}

function readNumber(attributes: Attributes, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'float' || attribute?.kind === 'int' ? attribute.value : otherwise;
}

function batchSymbolOf(dataInputs: readonly Value[]): string {
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
