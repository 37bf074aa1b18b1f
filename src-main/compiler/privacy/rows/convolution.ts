import { readInteger } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { extentOf, windowsOver, type Windows } from '../../2-shapes/window.ts';
import { channelSumsOfRows } from './broadcast.ts';
import { inFull, type RowRule } from './rowRule.ts';

/**
 * Y = W ⋆ X + B: a convolution is a product with the windows of the image, g_i[m, c, k] = Σ_o D_i[m, o] · X_i[c, o·stride + k·dilation −
 * begin]. The windows of each element of the kernel are a slice of the image; side by side they make one product a row.
 *
 * Source: Rochette, Manoel & Tramel, Efficient per-example gradient computations in convolutional neural networks (2019),
 * https://arxiv.org/abs/1912.06015; by slices instead of a convolution in groups: the fastest form of a weight gradient here.
 */
export const conv: RowRule = (use) => {
  const { g, entry, at, gradient, batch, axisOf } = use;
  const [X, W] = entry.inputs as readonly [TypedValue, TypedValue];
  if (axisOf(X) !== 0) return undefined;
  if (at === 2) return inFull(use, () => channelSumsOfRows(use, gradient));
  if (at !== 1) return undefined;
  const group = readInteger(entry.attributes, 'group', 1);
  const windows = windowsOver('Conv', entry.attributes, X.shape.slice(2), W.shape.slice(2));
  const [images, channels] = X.shape.map(Number) as [number, number];
  const outputs = Number(W.shape[0]);
  const places = elementCount(windows.count);
  return inFull(use, () => {
    const all = sideBySide(g, X, windows, group);
    const kernelSize = elementCount(windows.kernel);
    const inGroup = channels / group;
    const data = g.reshape(all, [images * group, kernelSize * inGroup, places]);
    const D = g.reshape(gradient, [images * group, outputs / group, places]);
    const each = g.reshape(g.matMul(D, g.swapLast(data)), [batch, images / batch, outputs, kernelSize, inGroup]);
    const ofRow = images === batch ? each : g.reduceSum(each, [1], false);
    const turned = g.transpose(g.reshape(ofRow, [batch, outputs, kernelSize, inGroup]), [0, 1, 3, 2]);
    return g.reshape(turned, [batch, ...W.shape]);
  });
};

/** [images, group, kernel elements · channels of the group, …windows]. */
function sideBySide(g: TypedOps, image: TypedValue, windows: Windows, group: number): TypedValue {
  const { kernel, count, strides, dilations, begins } = windows;
  const [images, channels] = image.shape.map(Number) as [number, number];
  const axes = kernel.map((_, axis) => axis + 2);
  const ends = kernel.map((size, axis) =>
    Math.max(0, (count[axis]! - 1) * strides[axis]! + extentOf(size, dilations[axis]!) - windows.image[axis]! - begins[axis]!),
  );
  const padded = [...begins, ...ends].every((each) => each === 0)
    ? image
    : g.op('Pad', [image, g.graph.int64([0, 0, ...begins, 0, 0, ...ends])]);
  const slices = offsets(kernel).map((offset) => {
    const starts = offset.map((each, axis) => each * dilations[axis]!);
    const stops = starts.map((start, axis) => start + (count[axis]! - 1) * strides[axis]! + 1);
    const slice = g.op('Slice', [padded, g.graph.int64(starts), g.graph.int64(stops), g.graph.int64(axes), g.graph.int64(strides)]);
    return g.reshape(slice, [images, group, channels / group, ...count]);
  });
  return slices.length === 1 ? slices[0]! : g.op('Concat', slices, { axis: 2 });
}

/** All places of a kernel, the last axis fastest. */
function offsets(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>((all, size) => all.flatMap((each) => Array.from({ length: size }, (_, at) => [...each, at])), [[]]);
}
