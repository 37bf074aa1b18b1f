import type { AxisResizing } from '../../2-shapes/resizing.ts';
import type { AxisMap } from './alongAxes.ts';

/** Attributes of Resize that decide its weights. */
export interface Interpolation {
  readonly mode: string;
  readonly coordinate_transformation_mode: string;
  readonly nearest_mode: string;
  readonly cubic_coeff_a: number;
  readonly exclude_outside: number;
  /** Where the axis shrinks, each output covers all elements that it stands for. */
  readonly antialias: number;
}

/**
 * The weights of Resize along one axis: `matrix[to][from]`. All its modes are products over the axes.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__Resize.html; Keys (1981), Cubic convolution interpolation, eq. 4.
 */
export function interpolationMap(resizing: AxisResizing, interpolation: Interpolation): AxisMap {
  const { axis, from, to } = resizing;
  const matrix = Array.from({ length: to }, (_, at) => {
    const row = Array.from({ length: from }, () => 0);
    const place = coordinate(resizing, interpolation.coordinate_transformation_mode, at);
    // Beyond the image a region holds `extrapolation_value`, a constant.
    if (resizing.region && (place < 0 || place > from - 1)) return row;
    const taps = tapsAt(place, interpolation, interpolation.antialias ? Math.min(1, resizing.scale) : 1);
    const inside = interpolation.exclude_outside ? taps.filter((tap) => tap.at >= 0 && tap.at < from) : taps;
    const sum = interpolation.exclude_outside ? inside.reduce((total, { weight }) => total + weight, 0) : 1;
    for (const tap of inside) row[Math.min(Math.max(tap.at, 0), from - 1)]! += tap.weight / sum;
    return row;
  });
  return { axis, matrix };
}

interface Tap {
  /** Element of the axis; outside of it the edge counts. */
  readonly at: number;
  readonly weight: number;
}

/** Where output element `at` lies among the input's elements. */
function coordinate({ from, to, scale, region }: AxisResizing, mode: string, at: number): number {
  switch (mode) {
    case 'asymmetric':
      return at / scale;
    case 'align_corners':
      return to === 1 ? 0 : (at * (from - 1)) / (to - 1);
    case 'pytorch_half_pixel':
      return to === 1 ? 0 : (at + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (from / 2) * (1 - to / (from * scale)) + (at + 0.5) / scale - 0.5;
    case 'half_pixel':
      return (at + 0.5) / scale - 0.5;
    case 'tf_crop_and_resize': {
      const [start, end] = region!;
      return to === 1 ? ((start + end) * (from - 1)) / 2 : start * (from - 1) + (at * (end - start) * (from - 1)) / (to - 1);
    }
    default:
      throw new Error(`Resize: coordinate_transformation_mode "${mode}" is not supported.`);
  }
}

/** `shrink`: 1, or below it the factor by which distances count less, so that the weights reach further. */
function tapsAt(x: number, { mode, nearest_mode, cubic_coeff_a }: Interpolation, shrink: number): Tap[] {
  switch (mode) {
    case 'nearest':
      // Rounding must not see the last bits of float64 where the runtime computes in float32.
      return [{ at: nearest(Math.fround(x), nearest_mode), weight: 1 }];
    case 'linear':
      return tapsWithin(x, 1, shrink, (distance) => Math.max(0, 1 - distance));
    case 'cubic':
      return tapsWithin(x, 2, shrink, (distance) => cubicWeight(distance, cubic_coeff_a));
    default:
      throw new Error(`Resize: mode "${mode}" is not supported.`);
  }
}

/** All elements nearer than `reach / shrink`; their weights add to 1. */
function tapsWithin(x: number, reach: number, shrink: number, weightOf: (distance: number) => number): Tap[] {
  const [first, last] = [Math.ceil(x - reach / shrink), Math.floor(x + reach / shrink)];
  const taps = Array.from({ length: last - first + 1 }, (_, at) => ({
    at: first + at,
    weight: weightOf(Math.abs(x - first - at) * shrink),
  }));
  const sum = taps.reduce((total, { weight }) => total + weight, 0);
  return taps.map(({ at, weight }) => ({ at, weight: weight / sum }));
}

function nearest(x: number, mode: string): number {
  switch (mode) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

function cubicWeight(distance: number, a: number): number {
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1;
  return distance < 2 ? a * (((distance - 5) * distance + 8) * distance - 4) : 0;
}
