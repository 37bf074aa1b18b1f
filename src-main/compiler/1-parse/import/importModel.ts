import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { removeUnused } from '../../4-fuse/removeUnused.ts';
import { readModel, type ReadOptions } from '../../onnx/decode.ts';
import type { Graph, GraphNode, TensorData, Value } from '../../onnx/graph.ts';
import { recognise } from '../recognise/recognise.ts';
import { upgradeGraph } from '../upgrade/upgradeGraph.ts';
import { spliceBranches } from './spliceBranches.ts';
import { GraphTypes, type Bindings } from './typeGraph.ts';

export interface ImportOptions extends ReadOptions {
  /** Sizes for the names in the inputs' shapes, such as { sequence_length: 128 }. The batch's is not needed. */
  readonly bindings?: Bindings;
  /** Name for the first axis of every data input; needed where the model was exported for one batch size. Default: its own. */
  readonly batch?: string;
  /**
   * Inputs that get one value for good: a sampling rate, a flag, an initial state. Where an axis is open in the model and 1
   * in the constant, it is repeated for every row of the batch.
   */
  readonly constants?: Readonly<Record<string, TensorData>>;
  /** Outputs to keep. Default all. */
  readonly outputs?: readonly string[];
}

/** A model of another origin, in our opset, all weights in place as initializers; `adapt/` changes it, `forwardOf` trains it. */
export interface AdaptableModel {
  /** Opset 21. The first axis of every input is `batch`; other open sizes keep their names. */
  readonly graph: Graph;
  readonly batch: string;
  readonly bindings: Bindings;
  /** Weights that adaptation added, to tell them from the model's own. */
  readonly added: readonly string[];
}

/** Rows with which sizes are checked before the real batch size is known: no size of a usual layer, so that a mix-up shows. */
const trialRows = 3;

/**
 * Reads an existing ONNX model as something to fine-tune: opsets 7 to 23 become 21, constants written as nodes become
 * initializers, functions are inlined, what exporters write as several nodes becomes one again (GELU, LayerNormalization), what no
 * output needs is dropped, and every value gets its type for the given sizes.
 *
 * Throws MK_COMPILER_MODEL_UNREADABLE, MK_COMPILER_OPSET_UNSUPPORTED, MK_COMPILER_IMPORT_NODE_UNSUPPORTED,
 * MK_COMPILER_OPERATOR_UNSUPPORTED, MK_COMPILER_SHAPE_UNKNOWN, MK_COMPILER_SIZES_UNBOUND, MK_COMPILER_NODE_INVALID,
 * MK_COMPILER_LOOP_UNBOUNDED, each with the node or tensor; MK_COMPILER_ADAPTATION_INVALID for an input that is not
 * batch-first.
 *
 * ```ts
 * const model = importModel(bytes, { bindings: { sequence_length: 64 } });
 * const { graph, parameters, weights, bindings } = forwardOf(replaceHead(model, { outputCount: 3, seed: 1 }), { trainable: ['head.*'] });
 * ```
 */
export function importModel(bytes: Uint8Array, options: ImportOptions = {}): AdaptableModel {
  const model = readModel(bytes, options);
  const opset = model.opsets[''];
  if (opset === undefined) throw new ModelkeepError('MK_COMPILER_MODEL_UNREADABLE', { reason: 'it names no opset of the ONNX domain.' });
  const given = removeUnused(withConstants(keepOutputs(model.graph, options.outputs), options.constants ?? {}, opset));
  const { graph, batch } = withBatchName(given, options.batch);
  const bindings = options.bindings ?? {};
  const trial = { ...bindings, [batch]: bindings[batch] ?? trialRows };
  const types = new GraphTypes(graph, trial);
  const upgraded = upgradeGraph(graph, opset, {
    shapeOf: (name) => types.shapeOf(name),
    onNode: (node, constants) => {
      for (const [name, tensor] of constants) types.constant(name, tensor);
      types.add(node, graph.name);
    },
    onConstant: (name, tensor) => types.constant(name, tensor),
  });
  const spliced = removeUnused(spliceBranches(removeUnused(upgraded), trial));
  const result = recognise(spliced, (name) => types.shapeOf(name));
  return { graph: { ...result, outputs: result.outputs.map((each) => withType(each, types)) }, batch, bindings, added: [] };
}

/** Sizes for everything in the graph, the batch included. */
export function trialBindings({ batch, bindings }: AdaptableModel): Bindings {
  return { ...bindings, [batch]: bindings[batch] ?? trialRows };
}

function keepOutputs(graph: Graph, names: readonly string[] | undefined): Graph {
  if (!names) return graph;
  const outputs = names.map((name) => {
    const output = graph.outputs.find((each) => each.name === name);
    if (output) return output;
    return refuse(`it has no output "${name}"; its outputs are ${graph.outputs.map((each) => each.name).join(', ')}.`);
  });
  return { ...graph, outputs };
}

function withConstants(graph: Graph, constants: Readonly<Record<string, TensorData>>, opset: number): Graph {
  const initializers = new Map(graph.initializers);
  const repeated: GraphNode[] = [];
  const rest = graph.inputs.filter((each) => !(each.name in constants));
  for (const [name, tensor] of Object.entries(constants)) {
    const input = graph.inputs.find((each) => each.name === name) ?? refuse(`it has no input "${name}".`);
    const { dtype, shape } = tensor;
    if (input.dtype !== dtype) refuse(`its input "${name}" is ${input.dtype}, the constant ${dtype}.`);
    const open = input.shape?.flatMap((dim, axis) => (typeof dim === 'string' && shape[axis] === 1 ? [axis] : [])) ?? [];
    const rows = rest[0]?.name ?? refuse('every input is given as a constant.');
    initializers.set(open.length === 0 ? name : `${name}.row`, tensor);
    if (open.length > 0) repeated.push(...repeatRows(name, shape, open, rows, initializers));
  }
  if (repeated.length > 0 && opset < 8) refuse('it is older than Expand (opset 8), which repeats a constant for every row.');
  return { ...graph, inputs: rest, nodes: [...repeated, ...graph.nodes], initializers };
}

/** name = Expand(name.row, [1, …, rows, …, 1]): the size of the batch is read from another input. */
function repeatRows(
  name: string,
  shape: readonly number[],
  open: readonly number[],
  rows: string,
  initializers: Map<string, TensorData>,
): readonly GraphNode[] {
  const made = (opType: string, part: string, inputs: readonly string[], attributes: GraphNode['attributes'] = {}): GraphNode => {
    const output = part === '' ? name : `${name}.${part}`;
    return { opType, domain: '', name: output, inputs, outputs: [output], attributes };
  };
  const constant = (part: string, values: readonly number[]): string => {
    initializers.set(`${name}.${part}`, { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
    return `${name}.${part}`;
  };
  const one = constant('one', [1]);
  return [
    made('Shape', 'sizes', [rows]),
    made('Gather', 'rows', [`${name}.sizes`, constant('first', [0])]),
    made(
      'Concat',
      'wide',
      shape.map((_, axis) => (open.includes(axis) ? `${name}.rows` : one)),
      { axis: { kind: 'int', value: 0 } },
    ),
    made('Expand', '', [`${name}.row`, `${name}.wide`]),
  ];
}

function withBatchName(graph: Graph, wanted: string | undefined): { graph: Graph; batch: string } {
  for (const { name, shape } of graph.inputs) {
    if (!shape) throw new ModelkeepError('MK_COMPILER_SHAPE_UNKNOWN', { tensor: name });
    if (shape.length === 0) refuse(`its input "${name}" is a scalar and not a row per sample; give it a constant value.`);
  }
  const first = graph.inputs.map((each) => each.shape![0]!);
  const [own] = first;
  const batch = wanted ?? own;
  if (typeof batch !== 'string')
    return refuse(`it was exported for batches of ${own ?? 'nothing'}; name the batch axis ("batch") if it takes any number of rows.`);
  const other = graph.inputs.find(({ shape }) => wanted === undefined && shape![0] !== batch);
  if (other)
    refuse(
      `the first axis of its input "${other.name}" is ${other.shape![0]}, that of "${graph.inputs[0]!.name}" is ${batch}; ` +
        `name the batch axis ("batch"), or give "${other.name}" a constant value.`,
    );
  const inputs = graph.inputs.map((each) => ({ ...each, shape: [batch, ...each.shape!.slice(1)] }));
  return { graph: { ...graph, inputs }, batch };
}

/** Exporters leave out or misname the shapes of outputs: what is certain is the type that was worked out. */
function withType(output: Value, types: GraphTypes): Value {
  const type = types.typeOf(output.name)!;
  const rank = output.shape?.length === type.shape.length;
  return { ...output, dtype: type.dtype, shape: rank ? output.shape : type.shape.map((_, axis) => `${output.name}_${axis}`) };
}

function refuse(reason: string): never {
  throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', { reason });
}
