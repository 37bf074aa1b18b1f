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
  const known = axes.map((axis, at) => (given[at] === 1 && scales ? undefined : fixed(data!.shape[axis], 'A size to resize')));
  const wanted = sizes?.length ? keepingRatio(sizes, known as number[], attributes) : undefined;
  return axes.flatMap((axis, at): AxisResizing[] => {
    const from = known[at];
    if (from === undefined) return [];
    const to = wanted ? wanted[at]! : Math.floor(from * scales![at]!);
    if (to < 1) throw new Error(`Resize leaves nothing of the ${from} elements of axis ${axis}.`);
    return [{ axis, from, to, scale: scales ? scales[at]! : to / from }];
  });
}

export function resizedShape(context: ShapeContext): Shape {
  const resizings = resizingOf(context);
  return context.inputs[0]!.shape.map((dim, axis) => resizings.find((each) => each.axis === axis)?.to ?? dim);
}

/** `keep_aspect_ratio_policy`: one scale for all axes. */
function keepingRatio(sizes: readonly number[], from: readonly number[], attributes: Attributes): readonly number[] {
  const attribute = attributes['keep_aspect_ratio_policy'];
  const policy = attribute?.kind === 'string' ? attribute.value : 'stretch';
  if (policy === 'stretch') return sizes;
  const scale = Math[policy === 'not_larger' ? 'min' : 'max'](...sizes.map((size, at) => size / from[at]!));
  return from.map((each) => Math.floor(scale * each + 0.5));
}

function numbersOf(tensor: TensorData | undefined): number[] | undefined {
  return tensor?.dtype === 'float32' || tensor?.dtype === 'float64' ? Array.from(tensor.data) : undefined;
}
