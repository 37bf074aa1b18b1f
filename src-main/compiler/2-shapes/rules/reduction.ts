import { readInteger } from '../../onnx/attributes.ts';
import { constantIntegers, fromEnd, like, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

/** Axes are the second input, a constant; without it all axes, or none with `noop_with_empty_axes`. */
const reduce = ({ inputs: [data, axesInput], attributes, constant }: ShapeContext): TensorType => {
  const rank = data!.shape.length;
  const listed = axesInput ? constantIntegers(constant(1), 'axes') : [];
  if (listed.length === 0 && readInteger(attributes, 'noop_with_empty_axes', 0)) return data!;
  const axes = new Set((listed.length > 0 ? listed : data!.shape.map((_, axis) => axis)).map((axis) => fromEnd(axis, rank)));
  return { dtype: data!.dtype, shape: without(data!, axes, attributes) };
};

/** One axis, an attribute; the result counts along it. */
const indexOfExtremum = ({ inputs: [data], attributes }: ShapeContext): TensorType => {
  const axis = fromEnd(readInteger(attributes, 'axis', 0), data!.shape.length);
  return { dtype: 'int64', shape: without(data!, new Set([axis]), attributes) };
};

export const reduction = {
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceSumSquare: reduce,
  ArgMax: indexOfExtremum,
  ArgMin: indexOfExtremum,
  CumSum: like,
} satisfies Record<string, ShapeRule>;

function without(data: TensorType, axes: ReadonlySet<number>, attributes: ShapeContext['attributes']): TensorType['shape'] {
  const keep = readInteger(attributes, 'keepdims', 1) === 1;
  return data.shape.flatMap((dim, axis) => (axes.has(axis) ? (keep ? [1] : []) : [dim]));
}
