import { extentOf, type Windows } from '../../2-shapes/window.ts';
import type { AxisMap } from './alongAxes.ts';

export type Share = 'mean' | 'meanWithPadding' | 'sum';

/**
 * Back from windows to the image, axis by axis: `matrix[element][window]` is the element's share in the window. The share
 * of an average is a product over the axes, also where padding does not count.
 */
export function spreadMaps(windows: Windows, share: Share): AxisMap[] {
  return windows.image.map((size, axis) => {
    const matrix = Array.from({ length: size }, () => Array.from({ length: windows.count[axis]! }, () => 0));
    for (let window = 0; window < windows.count[axis]!; window++) {
      const taps = tapsOf(windows, axis, window);
      const inside = taps.filter((at) => at >= 0 && at < size);
      const counted = share === 'mean' ? inside.length : taps.filter((at) => at < size + windows.ends[axis]!).length;
      for (const at of inside) matrix[at]![window] = share === 'sum' ? 1 : 1 / counted;
    }
    return { axis: axis + 2, matrix };
  });
}

/** Whether each element is in one window at most. */
export function disjoint({ strides, kernel, dilations }: Windows): boolean {
  return strides.every((stride, axis) => stride >= extentOf(kernel[axis]!, dilations[axis]!));
}

function tapsOf({ kernel, strides, dilations, begins }: Windows, axis: number, window: number): number[] {
  return Array.from({ length: kernel[axis]! }, (_, tap) => window * strides[axis]! + tap * dilations[axis]! - begins[axis]!);
}
