import type { TensorData } from '../onnx/graph.ts';

export interface QuantizedWeights {
  /** int8, the shape of the weights. */
  readonly values: Int8Array;
  /** One number per channel: weight ≈ scale · value. */
  readonly scales: Float32Array;
}

/**
 * Largest magnitude of a quantised weight. 63, not 127: processors without VNNI add two products of 255 · weight in 16 bits,
 * which overflows beyond 64. Costs one bit of precision and is right on every machine.
 * Source: ONNX Runtime, Quantize ONNX models, "When to use reduce-range and per-channel quantization".
 */
const largest = 63;

/**
 * Symmetric int8 by channel along `axis`: scale = max |w| / 63 of the channel; a channel of zeros has scale 1.
 * Source: Jacob et al., Quantization and training of neural networks for integer-arithmetic-only inference (2018),
 * https://arxiv.org/abs/1712.05877 §2.1, with zero point 0.
 */
export function quantizeWeights(weights: Extract<TensorData, { dtype: 'float32' }>, axis: number): QuantizedWeights {
  const { shape, data } = weights;
  const channels = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((count, dim) => count * dim, 1);
  const channelOf = (at: number): number => Math.floor(at / inner) % channels;
  const scales = new Float32Array(channels);
  data.forEach((each, at) => {
    scales[channelOf(at)] = Math.max(scales[channelOf(at)]!, Math.abs(each));
  });
  scales.forEach((each, channel) => {
    scales[channel] = each === 0 ? 1 : each / largest;
  });
  return {
    values: Int8Array.from(data, (each, at) => Math.max(-largest, Math.min(largest, Math.round(each / scales[channelOf(at)]!)))),
    scales,
  };
}

/** Rows become columns: [out, in] to [in, out]. */
export function transposed({
  shape: [rows, columns],
  data,
}: Extract<TensorData, { dtype: 'float32' }>): Extract<TensorData, { dtype: 'float32' }> {
  const flipped = new Float32Array(data.length);
  for (let row = 0; row < rows!; row++)
    for (let column = 0; column < columns!; column++) flipped[column * rows! + row] = data[row * columns! + column]!;
  return { dtype: 'float32', shape: [columns!, rows!], data: flipped };
}
