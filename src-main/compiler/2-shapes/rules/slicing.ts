import { readInteger } from '../../onnx/attributes.ts';
import { constantIntegers, fixed, fromEnd, type ShapeContext } from './shapeRule.ts';
import type { Attributes, Dim, TensorData } from '../../onnx/graph.ts';
import { constantTensor } from '../fold/making.ts';

/** One axis of a Slice: `count` elements from `start` on, `step` apart (negative: backwards). */
export interface AxisSlice {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: Dim;
}

/** What a Slice takes, clipped as ONNX says; axes that it takes whole and in order are left out. Inputs 1 to 4 are constants. */
export function slicesOf({ inputs: [data, ...rest], constant }: ShapeContext): AxisSlice[] {
  const rank = data!.shape.length;
  const starts = constantIntegers(constant(1), 'starts');
  const ends = constantIntegers(constant(2), 'ends');
  const axes = rest[2] ? constantIntegers(constant(3), 'axes') : [...starts.keys()];
  const steps = rest[3] ? constantIntegers(constant(4), 'steps') : starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    throw new Error(`Slice: ${starts.length} starts, ${ends.length} ends, ${axes.length} axes and ${steps.length} steps.`);
  return axes.flatMap((listed, at): AxisSlice[] => {
    const axis = fromEnd(listed, rank);
    return sliceAxis(axis, data!.shape[axis]!, starts[at]!, ends[at]!, steps[at]!);
  });
}

function sliceAxis(axis: number, dim: Dim, from: number, to: number, step: number): AxisSlice[] {
  if (step === 0) throw new Error(`Slice: the step along axis ${axis} is 0.`);
  if (typeof dim === 'string') {
    const [whole, reversed] = [
      from === 0 && to >= endless && step === 1,
      (from === -1 || from >= endless) && to <= -endless && step === -1,
    ];
    if (whole) return [];
    if (reversed) return [{ axis, start: -1, step, count: dim }];
    throw new Error(`Slice: how much of axis ${axis} ("${dim}") is left is known only when the model runs.`);
  }
  const [low, high] = step > 0 ? [0, dim] : [-1, dim - 1];
  const clip = (index: number, lowest: number): number => Math.min(high, Math.max(lowest, index < 0 ? index + dim : index));
  const [start, end] = [clip(from, Math.max(0, low)), clip(to, low)];
  const count = Math.max(0, Math.ceil((end - start) / step));
  return start === 0 && step === 1 && count === dim ? [] : [{ axis, start, step, count }];
}

/** Exporters write the largest int32 or int64 for "to the end". */
const endless = 2 ** 31 - 1;

/** Pads of each axis before and after, negative where Pad cuts. Inputs 1 (pads) and 3 (axes) are constants. */
export function padsOf({ inputs, constant }: ShapeContext): { before: readonly number[]; after: readonly number[] } {
  const rank = inputs[0]!.shape.length;
  const pads = constantIntegers(constant(1), 'pads');
  const axes = (inputs[3] ? constantIntegers(constant(3), 'axes') : [...inputs[0]!.shape.keys()]).map((axis) => fromEnd(axis, rank));
  if (pads.length !== 2 * axes.length) throw new Error(`Pad: ${pads.length} pads for ${axes.length} axes, of which each has two.`);
  const place = (offset: number): number[] =>
    inputs[0]!.shape.map((_, axis) => (axes.includes(axis) ? pads[offset + axes.indexOf(axis)]! : 0));
  return { before: place(0), after: place(axes.length) };
}

/** Sizes of a Split's parts: input 1, or equal ones of which the last may be smaller. */
export function splitSizes({ inputs: [input, sizes], attributes, constant, outputCount }: ShapeContext): number[] {
  const axis = fromEnd(readInteger(attributes, 'axis', 0), input!.shape.length);
  const whole = fixed(input!.shape[axis], 'The size that Split divides');
  const parts = readInteger(attributes, 'num_outputs', outputCount);
  if (!sizes && parts !== outputCount) throw new Error(`Split: num_outputs is ${parts}, the node has ${outputCount} outputs.`);
  const equal = Math.ceil(whole / parts);
  const result = sizes
    ? constantIntegers(constant(1), 'split')
    : Array.from({ length: parts }, (_, at) => Math.min(equal, whole - at * equal));
  if (result.reduce((sum, each) => sum + each, 0) !== whole || result.some((each) => each < 0))
    throw new Error(`Split: parts of ${result.join(', ')} do not add up to ${whole}.`);
  return result;
}

/** The number that a constant input of one element holds. */
export function constantNumber(tensor: TensorData | undefined, what: string): number {
  if (!tensor || tensor.dtype === 'string' || tensor.data.length !== 1) throw new Error(`The input "${what}" must be a constant number.`);
  return Number(tensor.data[0]);
}

/** The tensor that a Constant node holds, in whichever attribute — https://onnx.ai/onnx/operators/onnx__Constant.html */
export function constantOf(attributes: Attributes): TensorData {
  const tensor = constantTensor(attributes);
  if (!tensor) throw new Error('Constant: no attribute holds a value (sparse tensors are not supported).');
  return tensor;
}

/** Sizes of [batch, channels, height, width]: all but the batch known. */
export function imageSizes(shape: readonly Dim[], operator: string): [batch: Dim, channels: number, height: number, width: number] {
  if (shape.length !== 4) throw new Error(`${operator}: [${shape.join()}] is not [batch, channels, height, width].`);
  const [batch, ...rest] = shape;
  const [channels, height, width] = rest.map((dim) => fixed(dim, `A size of ${operator}`));
  return [batch!, channels!, height!, width!];
}
