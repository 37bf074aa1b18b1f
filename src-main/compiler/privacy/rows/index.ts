import { broadcast } from './broadcast.ts';
import { conv } from './convolution.ts';
import { gather } from './lookUp.ts';
import { batchNormalization } from './normalisation.ts';
import { gemm, matMul } from './product.ts';
import type { RowRule } from './rowRule.ts';

/** Operators whose weights have gradients row by row without a loop over rows, by ONNX name. */
export const rowRules: Readonly<Record<string, RowRule>> = {
  MatMul: matMul,
  Gemm: gemm,
  Conv: conv,
  Gather: gather,
  BatchNormalization: batchNormalization,
  LayerNormalization: broadcast,
  Add: broadcast,
  Sub: broadcast,
  Mul: broadcast,
  Div: broadcast,
  Pow: broadcast,
  Sum: broadcast,
  Max: broadcast,
  Min: broadcast,
  Where: broadcast,
  PRelu: broadcast,
};
