import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { Windows } from '../../2-shapes/window.ts';
import { ints } from '../../onnx/attributes.ts';

/** Y = Conv(X, W) + B in blocks; W as `forwardWeight` or `backwardWeight` gives it. */
export function convolve(
  g: TypedOps,
  x: TypedValue,
  weight: TypedValue,
  bias: TypedValue | undefined,
  { strides, dilations, pads }: { strides: readonly number[]; dilations: readonly number[]; pads: readonly number[] },
): TypedValue {
  return g.op('com.microsoft.nchwc.Conv', bias ? [x, weight, bias] : [x, weight], {
    kernel_shape: ints(weight.shape.slice(2).map(Number)),
    strides: ints(strides),
    dilations: ints(dilations),
    pads: ints(pads),
  });
}

/** [M, C, k…] → in memory [M/b, C/b, k…, b of C, b of M]; with fewer than a block of channels [M/b, C·k…, b of M]. */
export function forwardWeight(g: TypedOps, weight: TypedValue, block: number): TypedValue {
  const [outputs, channels, ...kernel] = weight.shape.map(Number) as [number, number, number, number];
  const taps = kernel[0] * kernel[1];
  if (channels < block) {
    const moved = g.transpose(g.reshape(weight, [outputs / block, block, channels * taps]), [0, 2, 1]);
    return g.reshape(moved, weight.shape);
  }
  // Two steps of which each exchanges neighbouring axes, for which the runtime has kernels: 6 instead of 15 ms for 512×512×3×3.
  const byTap = g.transpose(g.reshape(weight, [(outputs * channels) / block, block, taps]), [0, 2, 1]);
  const moved = g.transpose(g.reshape(byTap, [outputs / block, block, channels * taps]), [0, 2, 1]);
  return g.reshape(moved, weight.shape);
}

/**
 * Weight of the convolution that gives the input gradient: W'[c, m, i, j] = W[m, c, −i, −j], in blocks.
 * Source: Dumoulin & Visin, A guide to convolution arithmetic (2016), §4.1.
 */
export function backwardWeight(g: TypedOps, weight: TypedValue, block: number): TypedValue {
  const [outputs, channels, ...kernel] = weight.shape.map(Number) as [number, number, number, number];
  const taps = kernel[0] * kernel[1];
  const byTap = g.transpose(g.reshape(weight, [(outputs * channels) / block, block, taps]), [0, 2, 1]);
  const moved = g.transpose(g.reshape(byTap, [outputs / block, block, channels / block, taps, block]), [2, 0, 3, 1, 4]);
  const turned = g.gather(moved, g.graph.int64(Array.from({ length: taps }, (_, at) => taps - 1 - at)), 2);
  return g.reshape(turned, [channels, outputs, ...kernel]);
}

/** The same for an image of few channels, plain: its windows as columns, times dY in blocks, summed over the batch. */
export function kernelGradientByColumns(g: TypedOps, image: TypedValue, counted: TypedValue, windows: Windows, block: number): TypedValue {
  const { kernel, strides, dilations } = windows;
  const [rows, channels] = image.shape.map(Number) as [number, number];
  const [, outputs, ...count] = counted.shape.map(Number) as [number, number, number, number];
  const pixels = count[0] * count[1];
  const padded = padImage(g, image, windows, count);
  const taps = Array.from({ length: kernel[0]! * kernel[1]! }, (_, at) => [Math.floor(at / kernel[1]!), at % kernel[1]!] as const);
  const columns = taps.map(([row, column]) => shifted(g, padded, [row * dilations[0]!, column * dilations[1]!], strides, count));
  const all = g.op('Concat', columns, { axis: 1 });
  const view = g.reshape(counted, [rows, outputs / block, pixels, block]);
  const sums = sumRows(g, g.matMul(g.reshape(all, [rows, 1, taps.length * channels, pixels]), view));
  return fromTaps(g, sums, channels, outputs, kernel);
}

/**
 * The same where dY is given as quarters (behind a 2×2 maximum) and strides are 1: quarters see the image at every second
 * pixel, so (k+1)² columns serve all four.
 */
export function kernelGradientByQuarters(
  g: TypedOps,
  image: TypedValue,
  quarters: readonly TypedValue[],
  windows: Windows,
  block: number,
): TypedValue {
  const { kernel } = windows;
  const [rows, channels] = image.shape.map(Number) as [number, number];
  const [, outputs, ...half] = quarters[0]!.shape.map(Number) as [number, number, number, number];
  const pixels = half[0] * half[1];
  const padded = padImage(g, image, windows, half.map((size) => 2 * size) as [number, number]);
  const wide = [kernel[0]! + 1, kernel[1]! + 1] as const;
  const columns = Array.from({ length: wide[0] * wide[1] }, (_, at) =>
    shifted(g, padded, [Math.floor(at / wide[1]), at % wide[1]], [2, 2], half),
  );
  const all = g.reshape(g.op('Concat', columns, { axis: 1 }), [rows, 1, columns.length * channels, pixels]);
  const parts = quarters.map((quarter, at) => {
    const [down, right] = [at >> 1, at & 1];
    const sums = sumRows(g, g.matMul(all, g.reshape(quarter, [rows, outputs / block, pixels, block])));
    const taps = Array.from(
      { length: kernel[0]! * kernel[1]! },
      (_, tap) => (down + Math.floor(tap / kernel[1]!)) * wide[1] + right + (tap % kernel[1]!),
    );
    return g.gather(
      sums,
      g.graph.int64(taps.flatMap((tap) => Array.from({ length: channels }, (_, channel) => tap * channels + channel))),
      1,
    );
  });
  return fromTaps(g, g.op('Sum', parts), channels, outputs, kernel);
}

/** The image with as much padding as its windows reach. */
function padImage(g: TypedOps, image: TypedValue, { begins, kernel, strides, dilations }: Windows, count: readonly number[]): TypedValue {
  const ends = count.map((windows, axis) => {
    const reach = (windows - 1) * strides[axis]! + 1 + (kernel[axis]! - 1) * dilations[axis]!;
    return Math.max(0, reach - Number(image.shape[axis + 2]) - begins[axis]!);
  });
  const pads = [0, 0, ...begins, 0, 0, ...ends];
  return pads.every((each) => each === 0) ? image : g.op('Pad', [image, g.graph.int64(pads)]);
}

/** Every `step`-th pixel from `start`, [N, C, count…] as [N, C, pixels]. */
function shifted(g: TypedOps, image: TypedValue, start: readonly number[], step: readonly number[], count: readonly number[]): TypedValue {
  const ends = start.map((first, axis) => first + (count[axis]! - 1) * step[axis]! + 1);
  const cut = g.op('Slice', [image, ...[start, ends, [2, 3], step].map((each) => g.graph.int64(each))]);
  return g.reshape(cut, [...image.shape.slice(0, 2), count[0]! * count[1]!]);
}

/** [N, …] → […]. */
function sumRows(g: TypedOps, value: TypedValue): TypedValue {
  return g.reduceSum(value, [0], false);
}

/** [M/b, k·k·C, b] → [C, M, k…]. */
function fromTaps(g: TypedOps, sums: TypedValue, channels: number, outputs: number, kernel: readonly number[]): TypedValue {
  const rows = g.reshape(g.transpose(sums, [1, 0, 2]), [kernel[0]! * kernel[1]!, channels, outputs]);
  return g.reshape(g.transpose(rows, [1, 2, 0]), [channels, outputs, ...kernel]);
}
