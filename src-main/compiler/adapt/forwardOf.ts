import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { trialBindings, type AdaptableModel } from '../1-parse/import/importModel.ts';
import { typeGraph, type Bindings } from '../1-parse/import/typeGraph.ts';
import type { Graph, GraphNode, TensorData, Value } from '../onnx/graph.ts';
import { listWeights, type Weight } from './listWeights.ts';
import { chosenBy } from './namePatterns.ts';

export interface TrainableChoice {
  /** Names of weights, or of the nodes that use them; `*` stands for any letters. Default: every weight. */
  readonly trainable?: readonly string[];
  /** Taken out of those again. */
  readonly frozen?: readonly string[];
  /**
   * 'keep': BatchNormalization goes on using its stored mean and variance, the usual choice for small data. 'update': it
   * normalises by the batch and moves them. Default 'keep'.
   */
  readonly statistics?: 'keep' | 'update';
}

/** A forward graph for `compileTraining`, with its starting weights for the trainer. */
export interface AdaptedForward {
  /** Trainable weights and updated statistics are inputs; all that is frozen stays a constant and costs no gradient. */
  readonly graph: Graph;
  readonly parameters: readonly string[];
  /** Updated statistics: input → output that replaces it. */
  readonly state: Readonly<Record<string, string>>;
  readonly bindings: Bindings;
  /** Of parameters and state. */
  readonly weights: Readonly<Record<string, Float32Array | Float64Array>>;
}

/**
 * The model as something to train: chosen weights become inputs.
 *
 * Throws MK_COMPILER_PARAMETER_UNKNOWN for a pattern that names nothing, MK_COMPILER_PARAMETER_UNTRAINABLE for a weight that
 * is not float, and MK_COMPILER_ADAPTATION_INVALID when nothing is left to train.
 */
export function forwardOf(model: AdaptableModel, choice: TrainableChoice = {}): AdaptedForward {
  const chosen = chosenWeights(model, choice);
  const graph = choice.statistics === 'update' ? updatingStatistics(model.graph) : { ...model.graph, state: {} };
  const lifted = [...chosen.map((each) => each.name), ...Object.keys(graph.state)];
  const inputs = lifted.map((name): Value => {
    const { dtype, shape } = graph.initializers.get(name)!;
    return { name, dtype, shape };
  });
  const types = typeGraph(model.graph, trialBindings(model));
  return {
    graph: {
      name: graph.name,
      inputs: [...graph.inputs, ...inputs],
      // Losses read bound sizes; only the batch stays open.
      outputs: graph.outputs.map((each) => {
        const type = types.typeOf(each.name);
        return type ? { ...each, shape: [model.batch, ...type.shape.slice(1)] } : each;
      }),
      nodes: graph.nodes,
      initializers: new Map([...graph.initializers].filter(([name]) => !lifted.includes(name))),
    },
    parameters: chosen.map((each) => each.name),
    state: graph.state,
    bindings: model.bindings,
    weights: Object.fromEntries(lifted.map((name) => [name, floatsOf(name, graph.initializers.get(name)!)])),
  };
}

/** The model with other values for some of its weights: what training gave. Names that it does not have are an error. */
export function withWeights<Model extends AdaptableModel>(
  model: Model,
  weights: Readonly<Record<string, Float32Array | Float64Array>>,
): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, data] of Object.entries(weights)) {
    const before = initializers.get(name);
    if (before?.data.length !== data.length)
      throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', { reason: `${data.length} numbers do not fit a weight "${name}".` });
    initializers.set(
      name,
      (data instanceof Float32Array
        ? { dtype: 'float32', shape: before.shape, data }
        : { dtype: 'float64', shape: before.shape, data }) satisfies TensorData,
    );
  }
  return { ...model, graph: { ...model.graph, initializers } };
}

function chosenWeights(model: AdaptableModel, { trainable = ['*'], frozen = [] }: TrainableChoice): readonly Weight[] {
  const all = listWeights(model);
  const used = usedWhenBound(model, all);
  const out = new Set(chosenBy(all, frozen));
  const left = chosenBy(all, trainable).filter((each) => {
    if (out.has(each)) return false;
    // A pattern means what was learned and counts for these sizes; a name means that constant.
    return trainable.includes(each.name) || (each.role === 'weight' && used.has(each.name));
  });
  for (const { name, dtype } of left)
    if (dtype !== 'float32' && dtype !== 'float64')
      throw new ModelkeepError('MK_COMPILER_PARAMETER_UNTRAINABLE', {
        parameter: name,
        reason: `it is ${dtype}, and gradients are float32 or float64.`,
      });
  if (left.length === 0) throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', { reason: 'no weight is left to train.' });
  return left;
}

/** Weights that still stand in the graph once sizes have decided branches and evaluated constants. */
function usedWhenBound(model: AdaptableModel, all: readonly Weight[]): ReadonlySet<string> {
  const weights = new Set(all.filter((each) => each.role === 'weight').map((each) => each.name));
  const { graph } = model;
  const inputs = all.filter((each) => weights.has(each.name)).map(({ name, dtype, shape }): Value => ({ name, dtype, shape }));
  const lifted: Graph = {
    ...graph,
    inputs: [...graph.inputs, ...inputs],
    initializers: new Map([...graph.initializers].filter(([name]) => !weights.has(name))),
  };
  const bound = typeGraph(lifted, trialBindings(model)).boundGraph(graph.outputs.map((each) => each.name));
  return new Set(bound.nodes.flatMap((node) => node.inputs));
}

/** BatchNormalization in training mode, its running mean and variance as state. */
function updatingStatistics(graph: Graph): Graph & { state: Record<string, string> } {
  const state: Record<string, string> = {};
  const outputs: Value[] = [];
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.opType !== 'BatchNormalization' || node.domain !== '') return node;
    const moved = node.inputs.slice(3, 5).map((name) => {
      const tensor = graph.initializers.get(name);
      if (!tensor || name in state)
        throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', {
          reason: `the statistic "${name}" of "${node.name}" ${tensor ? 'is shared' : 'is computed'} and cannot be updated.`,
        });
      const next = `${name}.next`;
      state[name] = next;
      outputs.push({ name: next, dtype: tensor.dtype, shape: tensor.shape });
      return next;
    });
    return { ...node, outputs: [node.outputs[0]!, ...moved], attributes: { ...node.attributes, training_mode: { kind: 'int', value: 1 } } };
  });
  if (outputs.length === 0)
    throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', {
      reason: 'it has no BatchNormalization whose statistics could be updated.',
    });
  return { ...graph, nodes, outputs: [...graph.outputs, ...outputs], state };
}

function floatsOf(name: string, tensor: TensorData): Float32Array | Float64Array {
  if (tensor.dtype === 'float32' || tensor.dtype === 'float64') return tensor.data;
  throw new ModelkeepError('MK_COMPILER_PARAMETER_UNTRAINABLE', { parameter: name, reason: `it is ${tensor.dtype}.` });
}
