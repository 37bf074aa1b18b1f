import { integer } from '../onnx/attributes.ts';
import type { Graph } from '../onnx/graph.ts';
import { foldScales } from './foldScales.ts';
import { isPlainProduct, type QuantizedGraph } from './quantizeDynamic.ts';
import { quantizeWeights } from './quantizeWeights.ts';
import { rewriteWeighted, type NodeWriter } from './rewriteNodes.ts';

/** Least and greatest value that a tensor took over sample rows. */
export interface ActivationRange {
  readonly low: number;
  readonly high: number;
}

const products = new Set(['MatMul', 'Gemm', 'Conv']);

/** Names of the values whose ranges `quantizeStatic` needs: data inputs and outputs of the large products. */
export function valuesToCalibrate(graph: Graph, { leastWeights = 256 }: { leastWeights?: number } = {}): string[] {
  const names = new Set<string>();
  rewriteWeighted(graph, products, leastWeights, (_writer, { node }) => {
    names.add(node.inputs[0]!);
    if (node.opType === 'Conv') names.add(node.outputs[0]!);
    return false;
  });
  return [...names];
}

/** The graph with `names` as further outputs, to measure ranges with. Their shapes are left open. */
export function withOutputs(graph: Graph, names: readonly string[]): Graph {
  const present = new Set([...graph.outputs, ...graph.inputs].map((each) => each.name));
  const added = names.filter((name) => !present.has(name)).map((name) => ({ name, dtype: 'float32' as const }));
  return { ...graph, outputs: [...graph.outputs, ...added] };
}

/**
 * The graph with QuantizeLinear/DequantizeLinear around its large products (MatMul, Gemm, Conv), in the pattern that ONNX
 * Runtime computes in 8-bit integers: activations uint8 with the measured `ranges`, weights int8 by output channel.
 * A product whose range is missing or empty stays as it is.
 *
 * Sources: Jacob et al. (2018), https://arxiv.org/abs/1712.05877 §2.1; https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html.
 */
export function quantizeStatic(
  graph: Graph,
  ranges: Readonly<Record<string, ActivationRange>>,
  { leastWeights = 256 }: { leastWeights?: number } = {},
): QuantizedGraph {
  const known = new Map<string, string>();
  const { graph: result, rewritten } = rewriteWeighted(
    foldScales(graph, leastWeights),
    products,
    leastWeights,
    (writer, { node, weights, bias }) => {
      const [data, output] = [node.inputs[0]!, node.outputs[0]!];
      const isConvolution = node.opType === 'Conv';
      if (!isConvolution && (weights.shape.length !== 2 || !isPlainProduct(node))) return false;
      if (node.inputs[2] && !bias) return false;
      const [dataRange, outputRange] = [ranges[data], ranges[output]];
      if (!dataRange || (isConvolution && !outputRange)) return false;
      const axis = isConvolution || node.attributes['transB']?.value === 1 ? 0 : 1;
      const { values, scales } = quantizeWeights(weights, axis);
      const x = known.get(data) ?? throughBytes(writer, data, data, dataRange);
      known.set(data, x);
      const stem = node.inputs[1]!;
      const w = writer.constant(`${stem}_int8`, { dtype: 'int8', shape: weights.shape, data: values });
      const scale = writer.constant(`${stem}_scale`, { dtype: 'float32', shape: [scales.length], data: scales });
      const zero = writer.constant(`${stem}_zero`, { dtype: 'int8', shape: [scales.length], data: new Int8Array(scales.length) });
      const [dequantized] = writer.node('DequantizeLinear', [w, scale, zero], stem, 1, { axis: integer(axis) }) as [string];
      const inputs = [x, dequantized, ...(node.inputs[2] ? [node.inputs[2]] : [])];
      if (!isConvolution) {
        writer.node(node.opType, inputs, output, [output], node.attributes);
        return true;
      }
      const [raw] = writer.node(node.opType, inputs, output, 1, node.attributes) as [string];
      throughBytes(writer, raw, output, outputRange!, output);
      return true;
    },
  );
  return { graph: result, quantized: rewritten };
}

/** Quantises and dequantises a value: value ≈ scale · (byte − zero), 0 exactly. Returns the name that users read. */
function throughBytes(writer: NodeWriter, from: string, stem: string, { low, high }: ActivationRange, to?: string): string {
  const [least, most] = [Math.min(0, low), Math.max(0, high)];
  const scale = most > least ? Math.fround((most - least) / 255) : 1;
  const zero = Math.max(0, Math.min(255, Math.round(-least / scale)));
  const scaleName = writer.constant(`${stem}_range_scale`, { dtype: 'float32', shape: [], data: Float32Array.of(scale) });
  const zeroName = writer.constant(`${stem}_range_zero`, { dtype: 'uint8', shape: [], data: Uint8Array.of(zero) });
  const [bytes] = writer.node('QuantizeLinear', [from, scaleName, zeroName], stem) as [string];
  return writer.node('DequantizeLinear', [bytes, scaleName, zeroName], stem, to === undefined ? 1 : [to])[0]!;
}
