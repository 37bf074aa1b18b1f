import { readInteger } from '../../onnx/attributes.ts';
import { dataTypeOf, elementwiseType, like, truthValue, type ShapeRule } from './shapeRule.ts';

export const elementwise = {
  Add: elementwiseType,
  Sub: elementwiseType,
  Mul: elementwiseType,
  Div: elementwiseType,
  Max: elementwiseType,
  Greater: truthValue,
  GreaterOrEqual: truthValue,
  Neg: like,
  Abs: like,
  Exp: like,
  Log: like,
  Sqrt: like,
  Erf: like,
  Clip: like,
  Identity: like,
  Cast: ({ inputs: [input], attributes }) => ({ dtype: dataTypeOf(readInteger(attributes, 'to', 0)), shape: input!.shape }),
} satisfies Record<string, ShapeRule>;
