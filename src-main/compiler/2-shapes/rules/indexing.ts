import { readInteger } from '../../onnx/attributes.ts';
import { fromEnd, like, type ShapeRule } from './shapeRule.ts';

export const indexing = {
  ScatterElements: like,
  GatherElements: ({ inputs: [data, indices] }) => ({ dtype: data!.dtype, shape: indices!.shape }),
  Gather: ({ inputs: [data, indices], attributes }) => {
    const axis = fromEnd(readInteger(attributes, 'axis', 0), data!.shape.length);
    return { dtype: data!.dtype, shape: [...data!.shape.slice(0, axis), ...indices!.shape, ...data!.shape.slice(axis + 1)] };
  },
} satisfies Record<string, ShapeRule>;
