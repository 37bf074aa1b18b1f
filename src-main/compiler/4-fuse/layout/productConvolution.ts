import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { Windows } from '../../2-shapes/window.ts';
import { ints } from '../../onnx/attributes.ts';

/**
 * Convolution as one product over the whole batch: windows as rows of columns [N·P, C·k·k] times W [M, C·k·k] as it is. For
 * many channels and few pixels, where blocked kernels have nothing to slide over and reordering the weight costs more than
 * the columns. On 512 channels of 2×2 a layer takes 3 × 5 ms instead of 3 × 11 and 30 for weights in other orders.
 */
export function paysAsProduct({ count }: Pick<Windows, 'count'>, rows: number, outputs: number): boolean {
  return outputs >= rows * count.reduce((product, each) => product * each, 1);
}

/** Windows of a plain image [N, C, H, W] as [N·P, C·k·k], in the order of the weight. */
export function columnsOf(g: TypedOps, image: TypedValue, windows: Windows): TypedValue {
  const { kernel, strides, dilations, begins, count } = windows;
  const [rows, channels, ...size] = image.shape.map(Number) as [number, number, number, number];
  const reach = (axis: number): number => (count[axis]! - 1) * strides[axis]! + 1 + (kernel[axis]! - 1) * dilations[axis]!;
  const ends = size.map((each, axis) => Math.max(0, reach(axis) - each - begins[axis]!));
  const pads = [0, 0, ...begins, 0, 0, ...ends];
  const padded = pads.every((each) => each === 0) ? image : g.op('Pad', [image, g.graph.int64(pads)]);
  const pixels = count[0]! * count[1]!;
  const taps = Array.from({ length: kernel[0]! * kernel[1]! }, (_, at) => {
    const starts = [Math.floor(at / kernel[1]!) * dilations[0]!, (at % kernel[1]!) * dilations[1]!];
    const stops = starts.map((start, axis) => start + (count[axis]! - 1) * strides[axis]! + 1);
    const cut = g.op('Slice', [padded, ...[starts, stops, [2, 3], strides].map((each) => g.graph.int64(each))]);
    return g.reshape(cut, [rows, channels, 1, pixels]);
  });
  const all = g.reshape(g.op('Concat', taps, { axis: 2 }), [rows, channels * taps.length, pixels]);
  return g.reshape(g.transpose(all, [0, 2, 1]), [rows * pixels, channels * taps.length]);
}

/** [M, C, k…] as [M, C·k·k]: nothing moves. */
export function weightRows(g: TypedOps, weight: TypedValue): TypedValue {
  const [outputs, ...rest] = weight.shape.map(Number) as [number, ...number[]];
  return g.reshape(weight, [outputs, rest.reduce((product, each) => product * each, 1)]);
}

/** An image in blocks as rows of pixels [N·P, M]. */
export function pixelRows(g: TypedOps, image: TypedValue, block: number): TypedValue {
  const [rows, channels, height, width] = image.shape.map(Number) as [number, number, number, number];
  const view = g.reshape(image, [rows, channels / block, height * width, block]);
  return g.reshape(g.transpose(view, [0, 2, 1, 3]), [rows * height * width, channels]);
}

/** And back. */
export function imageOfRows(g: TypedOps, pixels: TypedValue, rows: number, count: readonly number[], block: number): TypedValue {
  const channels = Number(pixels.shape[1]);
  const view = g.reshape(pixels, [rows, count[0]! * count[1]!, channels / block, block]);
  return g.reshape(g.transpose(view, [0, 2, 1, 3]), [rows, channels, ...count]);
}

/** dX, plain, from dY·W [N·P, C·k·k]: overlapping windows add up. */
export function overlay(
  g: TypedOps,
  columns: TypedValue,
  rows: number,
  { image, count, kernel, strides, dilations, begins, ends }: Windows,
): TypedValue {
  const byImage = g.reshape(columns, [rows, count[0]! * count[1]!, Number(columns.shape[1])]);
  return g.op('Col2Im', [g.transpose(byImage, [0, 2, 1]), g.graph.int64(image), g.graph.int64(kernel)], {
    strides: ints(strides),
    dilations: ints(dilations),
    pads: ints([...begins, ...ends]),
  });
}
