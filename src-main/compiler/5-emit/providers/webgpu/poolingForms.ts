import type { PlannedNode, TypedOps, TypedValue } from '../../../2-shapes/typedOps.ts';
import { windowsOver } from '../../../2-shapes/window.ts';
import { readIntegers } from '../../../onnx/attributes.ts';

/** Smallest float32: never the maximum of a window that has an element. */
const lowest = -3.4028234663852886e38;

/**
 * The maximum of each window axis by axis, the last first: of the slices that hold each window's first, second, … element.
 * Maxima of slices have gradients without indices, and the first of equal elements wins, in row order as in MaxPool.
 */
export function maximumOfSlices(g: TypedOps, { inputs: [x], attributes }: PlannedNode): readonly (TypedValue | undefined)[] {
  const image = x!.shape.slice(2);
  const { count, kernel, strides, dilations, begins } = windowsOver(
    'MaxPool',
    attributes,
    image,
    readIntegers(attributes, 'kernel_shape')!,
  );
  // Exactly what the windows reach: padding, and what ceil_mode adds behind it.
  const reach = count.map((windows, axis) => (windows - 1) * strides[axis]! + (kernel[axis]! - 1) * dilations[axis]! + 1);
  const behind = reach.map((size, axis) => Math.max(0, size - Number(image[axis]) - begins[axis]!));
  const padded = [...begins, ...behind].some((each) => each > 0)
    ? g.op('Pad', [x!, g.graph.int64([0, 0, ...begins, 0, 0, ...behind]), g.scalar(lowest, x!)])
    : x!;
  const y = count.reduceRight((value, windows, axis) => {
    const slices = Array.from({ length: kernel[axis]! }, (_, at) => {
      const start = at * dilations[axis]!;
      const parts = [start, start + (windows - 1) * strides[axis]! + 1, axis + 2, strides[axis]!].map((each) => g.graph.int64([each]));
      return g.op('Slice', [value, ...parts]);
    });
    return slices.length === 1 ? slices[0]! : g.op('Max', slices);
  }, padded);
  return [y];
}
