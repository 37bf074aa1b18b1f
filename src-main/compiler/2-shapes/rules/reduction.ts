import { readInteger } from '../../onnx/attributes.ts';
import { constantIntegers, fromEnd, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

/** Axes are the second input, a constant; without it all axes, or none with `noop_with_empty_axes`. */
const reduce = ({ inputs: [data, axesInput], attributes, constant }: ShapeContext): TensorType => {
  const rank = data!.shape.length;
  const listed = axesInput ? constantIntegers(constant(1), 'axes') : [];
  if (listed.length === 0 && readInteger(attributes, 'noop_with_empty_axes', 0)) return data!;
  const axes = new Set((listed.length > 0 ? listed : data!.shape.map((_, axis) => axis)).map((axis) => fromEnd(axis, rank)));
  const keep = readInteger(attributes, 'keepdims', 1) === 1;
  return { dtype: data!.dtype, shape: data!.shape.flatMap((dim, axis) => (axes.has(axis) ? (keep ? [1] : []) : [dim])) };
};

export const reduction = {
  ReduceSum: reduce,
  ReduceMean: reduce,
} satisfies Record<string, ShapeRule>;
