import type { Graph, GraphNode, TensorData } from '../onnx/graph.ts';

type FloatTensor = Extract<TensorData, { dtype: 'float32' }>;

/**
 * The graph with α and β of its Gemm nodes inside their constants: α·A·B + β·C = A·(α·B) + (β·C). Scaled layers (the neural-tangent
 * parametrisation divides by √inputs) become plain products, which can be quantised. A Gemm whose B
 * or scaled C is computed, or whose B has fewer than `leastWeights` numbers, stays.
 */
export function foldScales(graph: Graph, leastWeights: number): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.map((node): GraphNode => {
    if (node.domain !== '' || node.opType !== 'Gemm') return node;
    const [alpha, beta] = [factorOf(node, 'alpha'), factorOf(node, 'beta')];
    const [data, weights, bias] = node.inputs;
    if ((alpha === 1 && beta === 1) || (sizeOf(initializers, weights) ?? 0) < leastWeights) return node;
    if (beta !== 1 && bias && sizeOf(initializers, bias) === undefined) return node;
    const scaled = (name: string, factor: number): string => {
      if (factor === 1) return name;
      const { shape, data: values } = initializers.get(name) as FloatTensor;
      const target = `${name}_times_${node.name}`;
      initializers.set(target, { dtype: 'float32', shape, data: values.map((each) => each * factor) });
      return target;
    };
    const { alpha: _alpha, beta: _beta, ...attributes } = node.attributes;
    return { ...node, attributes, inputs: [data!, scaled(weights!, alpha), ...(bias ? [scaled(bias, beta)] : [])] };
  });
  return { ...graph, nodes, initializers };
}

function factorOf({ attributes }: GraphNode, name: 'alpha' | 'beta'): number {
  const attribute = attributes[name];
  return attribute?.kind === 'float' || attribute?.kind === 'int' ? attribute.value : 1;
}

/** Undefined where it is no float constant. */
function sizeOf(initializers: ReadonlyMap<string, TensorData>, name: string | undefined): number | undefined {
  const tensor = name === undefined ? undefined : initializers.get(name);
  return tensor?.dtype === 'float32' ? tensor.data.length : undefined;
}
