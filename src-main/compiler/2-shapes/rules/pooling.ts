import type { Shape } from '../../onnx/graph.ts';
import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import { resizedShape } from '../resizing.ts';
import { windowsOver, windowsSpread } from '../window.ts';
import { constantIntegers, fixed, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

const pooled =
  (operator: string): ShapeRule =>
  ({ inputs: [x], attributes }) => {
    const { count } = windowsOver(operator, attributes, x!.shape.slice(2), kernelOf(operator, attributes));
    return { dtype: x!.dtype, shape: [...x!.shape.slice(0, 2), ...count] };
  };

const globallyPooled: ShapeRule = ({ inputs: [x] }) => {
  for (const dim of x!.shape.slice(2)) if (fixed(dim, 'A spatial size') < 1) throw new Error(`Pooling: [${x!.shape.join()}] is empty.`);
  return { dtype: x!.dtype, shape: x!.shape.map((dim, axis) => (axis < 2 ? dim : 1)) };
};

export const pooling = {
  MaxPool: (context) => {
    const y = pooled('MaxPool')(context) as TensorType;
    return [y, { dtype: 'int64', shape: y.shape }];
  },
  AveragePool: pooled('AveragePool'),
  LpPool: pooled('LpPool'),
  GlobalMaxPool: globallyPooled,
  GlobalAveragePool: globallyPooled,
  GlobalLpPool: globallyPooled,
  MaxUnpool: ({ inputs: [x, indices, wanted], attributes, constant }) => {
    if (x!.shape.join() !== indices!.shape.join())
      throw new Error(`MaxUnpool: [${x!.shape.join()}] needs one index each, not [${indices!.shape.join()}].`);
    const shape: Shape = wanted
      ? constantIntegers(constant(2), 'output_shape')
      : [...x!.shape.slice(0, 2), ...windowsSpread('MaxUnpool', attributes, x!.shape.slice(2), kernelOf('MaxUnpool', attributes)).image];
    return { dtype: x!.dtype, shape };
  },
  AffineGrid: ({ inputs: [theta], attributes, constant }) => {
    const [batch, , ...image] = constantIntegers(constant(1), 'size');
    if (theta!.shape[1] !== image.length || theta!.shape[2] !== image.length + 1)
      throw new Error(`AffineGrid: [${theta!.shape.join()}] does not place ${image.length} axes.`);
    if (readInteger(attributes, 'align_corners', 0) === 1 && image.includes(1))
      throw new Error('AffineGrid: corners of an axis with one pixel cannot be aligned.');
    return { dtype: theta!.dtype, shape: [batch!, ...image, image.length] };
  },
  GridSample: ({ inputs: [x, grid] }) => {
    if (grid!.shape.length !== x!.shape.length || grid!.shape.at(-1) !== x!.shape.length - 2)
      throw new Error(`GridSample: the grid [${grid!.shape.join()}] does not fit [${x!.shape.join()}].`);
    return { dtype: x!.dtype, shape: [...x!.shape.slice(0, 2), ...grid!.shape.slice(1, -1)] };
  },
  Resize: (context) => ({ dtype: context.inputs[0]!.dtype, shape: resizedShape(context) }),
} satisfies Record<string, ShapeRule>;

function kernelOf(operator: string, attributes: ShapeContext['attributes']): readonly number[] {
  const kernel = readIntegers(attributes, 'kernel_shape');
  if (!kernel) throw new Error(`${operator} has no kernel_shape.`);
  return kernel;
}
