import { activation } from './rules/activation.ts';
import { attention } from './rules/attention.ts';
import { blocked } from './rules/blocked.ts';
import { control } from './rules/control.ts';
import { convolution } from './rules/convolution.ts';
import { elementwise } from './rules/elementwise.ts';
import { indexing } from './rules/indexing.ts';
import { loss } from './rules/loss.ts';
import { normalisation } from './rules/normalisation.ts';
import { pooling } from './rules/pooling.ts';
import { product } from './rules/product.ts';
import { recurrent } from './rules/recurrent.ts';
import { reduction } from './rules/reduction.ts';
import { shape } from './rules/shape.ts';
import type { ShapeRule } from './rules/shapeRule.ts';

/** Output types of each operator that the compiler reads or writes, by its ONNX name; other domains before it: 'com.microsoft.FusedMatMul'. */
export const shapeRules = {
  ...elementwise,
  ...activation,
  ...reduction,
  ...shape,
  ...indexing,
  ...product,
  ...convolution,
  ...pooling,
  ...normalisation,
  ...attention,
  ...recurrent,
  ...blocked,
  ...control,
  ...loss,
} satisfies Record<string, ShapeRule>;
export type KnownOperator = keyof typeof shapeRules;

export function isKnownOperator(operator: string): operator is KnownOperator {
  return Object.hasOwn(shapeRules, operator);
}
