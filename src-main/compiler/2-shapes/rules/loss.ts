import { sameShape } from '../broadcast.ts';
import type { ShapeContext, ShapeRule, TensorType } from './shapeRule.ts';

export const loss = {
  NegativeLogLikelihoodLoss: classLossType,
  SoftmaxCrossEntropyLoss: (context) => [classLossType(context), { dtype: context.inputs[0]!.dtype, shape: context.inputs[0]!.shape }],
} satisfies Record<string, ShapeRule>;

/** [N, C, d…] scores and [N, d…] classes: a scalar, or one loss per class number. */
function classLossType({ inputs: [scores, target], attributes }: ShapeContext): TensorType {
  const [rows, , ...places] = scores!.shape;
  if (scores!.shape.length < 2 || !sameShape([rows!, ...places], target!.shape))
    throw new Error(`[${scores!.shape.join()}] scores do not fit [${target!.shape.join()}] classes.`);
  const each = attributes['reduction']?.kind === 'string' && attributes['reduction'].value === 'none';
  return { dtype: scores!.dtype, shape: each ? target!.shape : [] };
}
