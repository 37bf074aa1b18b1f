import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { trialBindings, type AdaptableModel } from '../1-parse/import/importModel.ts';
import { typeGraph } from '../1-parse/import/typeGraph.ts';
import { removeUnused } from '../4-fuse/removeUnused.ts';
import { readInteger } from '../onnx/attributes.ts';
import type { Attributes, Graph, GraphNode, TensorData } from '../onnx/graph.ts';
import { initialWeights } from '../run/initialWeights.ts';
import { chosenBy } from './namePatterns.ts';

export interface LoraSettings {
  /** Weights of MatMul or Gemm to adapt, by their names or their nodes' names; `*` stands for any letters. Default: all. */
  readonly targets?: readonly string[];
  /** Columns of A and rows of B. Usual: 4 to 16. */
  readonly rank: number;
  /** The update is scaled by alpha / rank. Default: rank, so that the scale is 1. */
  readonly alpha?: number;
  readonly seed: number;
}

/** An adapter beside one product. */
export interface LoraAdapter {
  /** Node whose result it is added to. */
  readonly node: string;
  readonly weight: string;
  /** Initializers `[in, rank]` and `[rank, out]`. */
  readonly a: string;
  readonly b: string;
  readonly scale: number;
  /** The weight is stored `[out, in]`. */
  readonly transposed: boolean;
}

export interface LoraModel extends AdaptableModel {
  readonly adapters: readonly LoraAdapter[];
}

/**
 * Low-rank adapters — Hu et al. 2021, https://arxiv.org/abs/2106.09685 §4.1:  y = x·W + (alpha / rank)·x·A·B, with A random and
 * B zero, so that the adapted model starts as the model. The product with A·B is never formed while training: the gradient
 * of W costs nothing when W is frozen (`trainable: ['*.lora.*']`).
 *
 * Throws MK_COMPILER_PARAMETER_UNKNOWN for a target that names nothing, MK_COMPILER_ADAPTATION_INVALID for a weight that
 * several nodes share, since its adapters could not be merged.
 */
export function addLora(model: AdaptableModel, { targets, rank, alpha = rank, seed }: LoraSettings): LoraModel {
  if (!Number.isSafeInteger(rank) || rank < 1) refuse(`the rank of an adapter is a positive integer, not ${rank}.`);
  const products = linearNodes(model.graph);
  const chosen = targets ? chosenBy(products, targets) : products;
  if (chosen.length === 0) refuse('it has no MatMul or Gemm with a weight to adapt.');
  const shared = chosen.find((each) => products.filter(({ name }) => name === each.name).length > 1);
  if (shared) refuse(`several nodes share the weight "${shared.name}"; its adapter could not be merged.`);
  const types = typeGraph(model.graph, trialBindings(model));
  const initializers = new Map(model.graph.initializers);
  const adapters: LoraAdapter[] = [];
  const nodes = model.graph.nodes.flatMap((node): readonly GraphNode[] => {
    const target = chosen.find((each) => each.node === node);
    if (!target) return [node];
    const { dtype, shape } = model.graph.initializers.get(target.name)! as Extract<TensorData, { dtype: 'float32' | 'float64' }>;
    const [inputs, outputs] = target.transposed ? shape.toReversed() : shape;
    const adapter: LoraAdapter = {
      node: node.name,
      weight: target.name,
      a: `${target.name}.lora.a`,
      b: `${target.name}.lora.b`,
      scale: alpha / rank,
      transposed: target.transposed,
    };
    const { [adapter.a]: a } = initialWeights({ [adapter.a]: [inputs!, rank] }, seed, {}, dtype);
    const make = dtype === 'float32' ? Float32Array : Float64Array;
    initializers.set(adapter.a, { dtype, shape: [inputs!, rank], data: a } as TensorData);
    initializers.set(adapter.b, { dtype, shape: [rank, outputs!], data: new make(rank * outputs!) } as TensorData);
    initializers.set(names(node).scale, { dtype, shape: [], data: make.of(adapter.scale) } as TensorData);
    adapters.push(adapter);
    if ((types.shapeOf(node.inputs[0]!)?.length ?? 0) < 2) refuse(`"${node.name}" multiplies a vector; adapters need rows.`);
    return withAdapter(node, adapter);
  });
  const added = [...model.added, ...adapters.flatMap(({ a, b }) => [a, b])];
  return { ...model, graph: { ...model.graph, nodes, initializers }, added, adapters };
}

/** The model without adapters, W + (alpha / rank)·A·B in place of W: the same function, at no cost when it is served. */
export function mergeLora(model: LoraModel): AdaptableModel {
  const initializers = new Map(model.graph.initializers);
  for (const adapter of model.adapters) initializers.set(adapter.weight, mergedWeight(model.graph, adapter));
  const adapted = new Map(model.adapters.map((each) => [each.node, each]));
  const gone = new Set(model.graph.nodes.flatMap((node) => (adapted.has(node.name) ? Object.values(names(node)) : [])));
  const nodes = model.graph.nodes
    .filter((node) => !gone.has(node.name))
    .map((node) => (adapted.has(node.name) ? { ...node, outputs: [node.outputs[0]!.slice(0, -baseSuffix.length)] } : node));
  const graph = removeUnused({ ...model.graph, nodes, initializers });
  return { graph, batch: model.batch, bindings: model.bindings, added: model.added.filter((name) => graph.initializers.has(name)) };
}

const baseSuffix = '.lora.base';

function names(node: GraphNode): { down: string; up: string; scaled: string; sum: string; scale: string } {
  const part = (name: string): string => `${node.name}.lora.${name}`;
  return { down: part('down'), up: part('up'), scaled: part('scaled'), sum: part('sum'), scale: part('scale') };
}

function withAdapter(node: GraphNode, { a, b }: LoraAdapter): readonly GraphNode[] {
  const { down, up, scaled, sum, scale } = names(node);
  const [output] = node.outputs as [string];
  const made = (name: string, opType: string, inputs: readonly string[], result = name): GraphNode => ({
    opType,
    domain: '',
    name,
    inputs,
    outputs: [result],
    attributes: {},
  });
  return [
    { ...node, outputs: [`${output}${baseSuffix}`] },
    made(down, 'MatMul', [node.inputs[0]!, a]),
    made(up, 'MatMul', [down, b]),
    made(scaled, 'Mul', [up, scale]),
    made(sum, 'Add', [`${output}${baseSuffix}`, scaled], output),
  ];
}

interface LinearNode {
  /** Of the weight. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly node: GraphNode;
  readonly transposed: boolean;
}

/** Products with a constant matrix on the right, seen through a Transpose. */
function linearNodes(graph: Graph): LinearNode[] {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name): [string, GraphNode] => [name, node])));
  return graph.nodes.flatMap((node): LinearNode[] => {
    if (node.domain !== '' || (node.opType !== 'MatMul' && node.opType !== 'Gemm')) return [];
    if (!isPlain(node.attributes)) return [];
    let [name, transposed] = [node.inputs[1]!, readInteger(node.attributes, 'transB', 0) === 1];
    const maker = makers.get(name);
    if (maker?.opType === 'Transpose' && maker.domain === '') [name, transposed] = [maker.inputs[0]!, !transposed];
    const weight = graph.initializers.get(name);
    const fits = weight?.shape.length === 2 && (weight.dtype === 'float32' || weight.dtype === 'float64');
    return fits ? [{ name, aliases: [node.name], node, transposed }] : [];
  });
}

/** Gemm with alpha or a transposed left side is no layer that exporters write. */
function isPlain(attributes: Attributes): boolean {
  const alpha = attributes['alpha'];
  return readInteger(attributes, 'transA', 0) === 0 && (alpha?.kind !== 'float' || alpha.value === 1);
}

function mergedWeight(graph: Graph, { weight, a, b, scale, transposed }: LoraAdapter): TensorData {
  const [w, left, right] = [weight, a, b].map((name) => graph.initializers.get(name)! as Extract<TensorData, { dtype: 'float64' }>);
  const [inputs, rank] = left!.shape as readonly [number, number];
  const outputs = right!.shape[1]!;
  const data = w!.data.slice();
  for (let row = 0; row < inputs; row++) {
    for (let column = 0; column < outputs; column++) {
      let sum = 0;
      for (let at = 0; at < rank; at++) sum += left!.data[row * rank + at]! * right!.data[at * outputs + column]!;
      data[transposed ? column * inputs + row : row * outputs + column]! += scale * sum;
    }
  }
  return { ...w!, data };
}

function refuse(reason: string): never {
  throw new ModelkeepError('MK_COMPILER_ADAPTATION_INVALID', { reason });
}
