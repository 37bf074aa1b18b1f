import { integer } from '../onnx/attributes.ts';
import { dataTypeCodes, type Graph } from '../onnx/graph.ts';
import { foldScales } from './foldScales.ts';
import { quantizeWeights, transposed } from './quantizeWeights.ts';
import { rewriteWeighted, type NodeWriter, type WeightedNode } from './rewriteNodes.ts';

export interface QuantizedGraph {
  readonly graph: Graph;
  /** Names of the nodes that now compute in int8. */
  readonly quantized: readonly string[];
}

/**
 * The graph with its large products in 8-bit integers; activations are measured at each call, so no sample data is needed.
 * y = (x_q − z)·w_q · (s_x s_w), x_q uint8 by DynamicQuantizeLinear, w_q int8 by output channel. MatMul and Gemm with
 * constant float32 weights of two axes; weights take a quarter of the space.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html and onnx__MatMulInteger.html.
 */
export function quantizeDynamic(graph: Graph, { leastWeights = 256 }: { leastWeights?: number } = {}): QuantizedGraph {
  const { graph: result, rewritten } = rewriteWeighted(
    foldScales(graph, leastWeights),
    new Set(['MatMul', 'Gemm']),
    leastWeights,
    replaceProduct,
  );
  return { graph: result, quantized: rewritten };
}

function replaceProduct(writer: NodeWriter, { node, weights }: WeightedNode): boolean {
  if (weights.shape.length !== 2 || !isPlainProduct(node)) return false;
  const flips = node.attributes['transB']?.value === 1;
  const { values, scales } = quantizeWeights(flips ? transposed(weights) : weights, 1);
  const shape = flips ? weights.shape.toReversed() : weights.shape;
  const stem = node.outputs[0]!;
  const [x, scale, zero] = writer.node('DynamicQuantizeLinear', [node.inputs[0]!], stem, 3) as [string, string, string];
  const w = writer.constant(`${node.inputs[1]!}_int8`, { dtype: 'int8', shape, data: values });
  const [sum] = writer.node('MatMulInteger', [x, w, zero], stem) as [string];
  const [float] = writer.node('Cast', [sum], stem, 1, { to: integer(dataTypeCodes.float32) }) as [string];
  const weightScales = writer.constant(`${node.inputs[1]!}_scale`, { dtype: 'float32', shape: [scales.length], data: scales });
  const [factor] = writer.node('Mul', [scale, weightScales], stem) as [string];
  const bias = node.opType === 'Gemm' ? node.inputs[2] : undefined;
  if (!bias) writer.node('Mul', [float, factor], stem, [stem]);
  else {
    const [product] = writer.node('Mul', [float, factor], stem) as [string];
    writer.node('Add', [product, bias], stem, [stem]);
  }
  return true;
}

/** MatMul, or Gemm without scaling (see `foldScales`) and with the data as it is. */
export function isPlainProduct({ opType, attributes }: WeightedNode['node']): boolean {
  const number = (name: string): number =>
    attributes[name]?.kind === 'int' || attributes[name]?.kind === 'float' ? Number(attributes[name].value) : NaN;
  if (opType === 'MatMul') return true;
  return !(number('transA') === 1) && !(number('alpha') !== 1 && 'alpha' in attributes) && !(number('beta') !== 1 && 'beta' in attributes);
}
