import { like, type ShapeRule } from './shapeRule.ts';

export const activation = {
  Tanh: like,
  Sigmoid: like,
  Relu: like,
  Softmax: like,
  LogSoftmax: like,
} satisfies Record<string, ShapeRule>;
