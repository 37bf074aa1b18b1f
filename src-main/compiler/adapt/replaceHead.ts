import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { trialBindings, type AdaptableModel } from '../1-parse/import/importModel.ts';
import { typeGraph } from '../1-parse/import/typeGraph.ts';
import { removeUnused } from '../4-fuse/removeUnused.ts';
import type { Graph, GraphNode, TensorData, Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { mergeGraphs } from '../onnx/mergeGraphs.ts';
import { initialWeights } from '../run/initialWeights.ts';

export interface HeadSettings {
  /** Numbers that the new head gives per sample (or per token): classes, values. */
  readonly outputCount: number;
  /** Value after which the graph is cut. Default: what the model's last linear layer reads. */
  readonly at?: string;
  /**
   * How one vector is made of many: 'mean' over the tokens of `[N, T, C]` or the positions of `[N, C, H, W]`; 'first' takes
   * the first token; 'none' keeps them. Default: 'none' for `[N, C]` and `[N, T, C]`, 'mean' for `[N, C, …]` of rank 4 and 5.
   */
  readonly pool?: 'none' | 'mean' | 'first';
  /** Input `[N, T]` that is 0 for padding, for the mean over tokens. */
  readonly mask?: string;
  /** Name of the new output. Default 'output'. */
  readonly outputName?: string;
  readonly seed: number;
}

/**
 * The model up to a value, and a new linear layer behind it: `head.weight [C, outputs]` (Glorot), `head.bias [outputs]` (0).
 * Everything behind the value goes, and with it inputs that only served that.
 *
 * Throws MK_COMPILER_ADAPTATION_INVALID when the value does not exist or has no shape that a linear layer can read.
 */
export function replaceHead(model: AdaptableModel, settings: HeadSettings): AdaptableModel {
  const { graph, batch } = model;
  const at = settings.at ?? lastLinearInput(graph) ?? refuse('it has no linear layer at its end; say after which value to cut.');
  const types = typeGraph(graph, trialBindings(model));
  const type = types.typeOf(at) ?? refuse(`it has no value "${at}".`);
  if (type.dtype !== 'float32' && type.dtype !== 'float64') refuse(`"${at}" is ${type.dtype}, a linear layer reads floats.`);
  if (type.shape.length < 2 || type.shape.length > 5)
    refuse(`"${at}" is [${type.shape.join(', ')}]; a head reads [N, C] to [N, C, D, H, W].`);
  const value: Value = { name: at, dtype: type.dtype, shape: [batch, ...type.shape.slice(1)] };
  const body = removeUnused({ ...graph, outputs: [value] });
  const head = headGraph(value, graph, settings);
  const whole = mergeGraphs(body, head, { connect: { features: at }, prefix: 'head.', name: graph.name });
  const used = new Set(whole.nodes.flatMap((node) => node.inputs));
  return {
    ...model,
    graph: { ...whole, inputs: whole.inputs.filter((each) => used.has(each.name)) },
    added: [...model.added.filter((name) => whole.initializers.has(name)), 'head.weight', 'head.bias'],
  };
}

/** What the last linear layer before the first output reads, seen through activations and reshapes. */
export function lastLinearInput(graph: Graph): string | undefined {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  const seen = new Set<string>();
  const waiting = [graph.outputs[0]!.name];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const node = makers.get(name);
    if (!node || seen.has(name)) continue;
    seen.add(name);
    const isLinear = node.opType === 'Gemm' || node.opType === 'MatMul';
    if (isLinear && leadsToConstant(node.inputs[1]!, graph, makers)) return node.inputs[0];
    waiting.push(...node.inputs.filter((each) => each !== ''));
  }
  return undefined;
}

function leadsToConstant(name: string, graph: Graph, makers: ReadonlyMap<string, GraphNode>): boolean {
  if (graph.initializers.has(name)) return true;
  const node = makers.get(name);
  return node?.opType === 'Transpose' || node?.opType === 'Identity' ? leadsToConstant(node.inputs[0]!, graph, makers) : false;
}

function headGraph(value: Value, model: Graph, { outputCount, pool, mask, outputName = 'output', seed }: HeadSettings): Graph {
  const g = new GraphBuilder('head');
  const shape = value.shape!;
  const rank = shape.length;
  const pooling = pool ?? (rank > 3 ? 'mean' : 'none');
  if (pooling === 'none' && rank > 3) refuse(`"${value.name}" has ${rank} axes; pool it by its mean.`);
  if (pooling === 'first' && rank !== 3) refuse(`"${value.name}" has ${rank} axes; the first token is that of [N, T, C].`);
  const features = g.input('features', value.dtype, shape);
  const isSequence = rank === 3;
  const width = Number(isSequence || rank === 2 ? shape.at(-1) : shape[1]);
  const kept = pooling === 'none' ? shape.slice(0, -1) : [shape[0]!];
  let pooled = features;
  if (pooling === 'first')
    pooled = g.op('Gather', [features, g.scalar(0, 'int64')], { attributes: { axis: 1 }, output: { shape: [shape[0]!, width] } });
  if (pooling === 'mean' && rank > 2) {
    const axes = isSequence ? [1] : Array.from({ length: rank - 2 }, (_, axis) => axis + 2);
    pooled =
      mask === undefined
        ? g.op('ReduceMean', [features, g.int64(axes)], { attributes: { keepdims: 0 }, output: { shape: [shape[0]!, width] } })
        : maskedMean(g, features, model, mask);
  }
  const tensors = initialWeights(
    { weight: [width, outputCount], bias: [outputCount] },
    seed,
    { weight: 'glorot' },
    value.dtype as 'float32',
  );
  const weight = g.initializer('weight', { dtype: value.dtype, shape: [width, outputCount], data: tensors['weight'] } as TensorData);
  const bias = g.initializer('bias', { dtype: value.dtype, shape: [outputCount], data: tensors['bias'] } as TensorData);
  const outputShape = [...kept, outputCount];
  const product = g.op('MatMul', [pooled, weight], { output: { shape: outputShape } });
  g.output(g.op('Add', [product, bias], { output: { name: outputName, shape: outputShape } }));
  return g.build();
}

/** Σ m·x / max(Σ m, tiny) over the tokens. */
function maskedMean(g: GraphBuilder, features: Value, model: Graph, mask: string): Value {
  const source = model.inputs.find((each) => each.name === mask) ?? refuse(`it has no input "${mask}".`);
  if (source.shape?.length !== 2) refuse(`its input "${mask}" is not [N, T].`);
  const { dtype } = features;
  const given = g.input(mask, source.dtype, source.shape);
  const numbers = g.op('CastLike', [given, features], { output: { dtype } });
  const column = g.op('Unsqueeze', [numbers, g.int64([-1])], { output: { dtype } });
  const sum = g.op('ReduceSum', [g.op('Mul', [features, column]), g.int64([1])], { attributes: { keepdims: 0 } });
  const count = g.op('ReduceSum', [numbers, g.int64([1])], { attributes: { keepdims: 1 }, output: { dtype } });
  return g.op('Div', [sum, g.op('Max', [count, g.scalar(1, dtype as 'float32')])]);
}

function refuse(reason: string): never {
  throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', { reason });
}
