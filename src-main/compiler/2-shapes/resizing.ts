import { readIntegers } from '../onnx/attributes.ts';
import type { Attributes, Shape, TensorData } from '../onnx/graph.ts';
import { constantIntegers, fixed, fromEnd, type ShapeContext } from './rules/shapeRule.ts';

/** How Resize changes one axis. */
export interface AxisResizing {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  /** As given, or to / from: coordinates are computed with it. */
  readonly scale: number;
  /** The part of the axis that is taken, as fractions of its last index (`roi`); only `tf_crop_and_resize` has one. */
  readonly region: readonly [start: number, end: number] | undefined;
}

/** The axes that a Resize node changes — https://onnx.ai/onnx/operators/onnx__Resize.html `scales` or `sizes` is a constant. */
export function resizingOf({
  inputs: [data],
  attributes,
  constant,
}: Pick<ShapeContext, 'inputs' | 'attributes' | 'constant'>): AxisResizing[] {
  const rank = data!.shape.length;
  const axes = readIntegers(attributes, 'axes')?.map((axis) => fromEnd(axis, rank)) ?? data!.shape.map((_, axis) => axis);
  const sizes = constant(3) && constantIntegers(constant(3), 'sizes');
  const scales = sizes?.length ? undefined : numbersOf(constant(2));
  const given = sizes?.length ? sizes : scales;
  if (!given || given.length !== axes.length) throw new Error(`Resize needs ${axes.length} constant scales or sizes.`);
  const cropped = readText(attributes, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  const roi = cropped ? numbersOf(constant(1)) : undefined;
  if (cropped && roi?.length !== 2 * axes.length) throw new Error(`Resize needs ${2 * axes.length} constant numbers as its region.`);
  const known = axes.map((axis, at) => (given[at] === 1 && scales && !cropped ? undefined : fixed(data!.shape[axis], 'A size to resize')));
  const ratio = sizes?.length ? commonScale(sizes, known as number[], attributes) : undefined;
  return axes.flatMap((axis, at): AxisResizing[] => {
    const from = known[at];
    if (from === undefined) return [];
    const to = resizedTo(from, scales?.[at], sizes?.[at], ratio);
    if (to < 1 || from < 1) throw new Error(`Resize leaves nothing of the ${from} elements of axis ${axis}.`);
    const region = roi && ([roi[at]!, roi[at + axes.length]!] as const);
    return [{ axis, from, to, scale: scales?.[at] ?? ratio ?? to / from, region }];
  });
}

export function resizedShape(context: ShapeContext): Shape {
  const resizings = resizingOf(context);
  return context.inputs[0]!.shape.map((dim, axis) => resizings.find((each) => each.axis === axis)?.to ?? dim);
}

function resizedTo(from: number, scale: number | undefined, size: number | undefined, ratio: number | undefined): number {
  // In float32, as ONNX Runtime multiplies: 3 · 1.3333334 is 4.
  if (scale !== undefined) return Math.floor(Math.fround(from * scale));
  return ratio === undefined ? size! : Math.floor(ratio * from + 0.5);
}

/** `keep_aspect_ratio_policy`: one scale for all axes, or undefined. */
function commonScale(sizes: readonly number[], from: readonly number[], attributes: Attributes): number | undefined {
  const policy = readText(attributes, 'keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return undefined;
  return Math[policy === 'not_larger' ? 'min' : 'max'](...sizes.map((size, at) => size / from[at]!));
}

function readText(attributes: Attributes, name: string, otherwise: string): string {
  const attribute = attributes[name];
  return attribute?.kind === 'string' ? attribute.value : otherwise;
}

function numbersOf(tensor: TensorData | undefined): number[] | undefined {
  return tensor?.dtype === 'float32' || tensor?.dtype === 'float64' ? Array.from(tensor.data) : undefined;
}
