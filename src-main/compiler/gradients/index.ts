import type { DifferentiableOperator } from '../1-parse/operators.ts';
import type { GradientRule } from './defineGradient.ts';
import { add } from './Add.ts';
import { div } from './Div.ts';
import { erf } from './Erf.ts';
import { exp } from './Exp.ts';
import { flatten } from './Flatten.ts';
import { gemm } from './Gemm.ts';
import { identity } from './Identity.ts';
import { log } from './Log.ts';
import { logSoftmax } from './LogSoftmax.ts';
import { matMul } from './MatMul.ts';
import { mul } from './Mul.ts';
import { neg } from './Neg.ts';
import { reduceMean } from './ReduceMean.ts';
import { reduceSum } from './ReduceSum.ts';
import { relu } from './Relu.ts';
import { reshape } from './Reshape.ts';
import { sigmoid } from './Sigmoid.ts';
import { softmax } from './Softmax.ts';
import { sqrt } from './Sqrt.ts';
import { sub } from './Sub.ts';
import { tanh } from './Tanh.ts';
import { transpose } from './Transpose.ts';

/** One rule for every operator that the parser accepts: a missing or surplus entry does not compile. */
export const gradients = {
  'Add@14': add,
  'Div@14': div,
  'Erf@13': erf,
  'Exp@13': exp,
  'Flatten@21': flatten,
  'Gemm@13': gemm,
  'Identity@21': identity,
  'Log@13': log,
  'LogSoftmax@13': logSoftmax,
  'MatMul@13': matMul,
  'Mul@14': mul,
  'Neg@13': neg,
  'ReduceMean@18': reduceMean,
  'ReduceSum@13': reduceSum,
  'Relu@14': relu,
  'Reshape@21': reshape,
  'Sigmoid@13': sigmoid,
  'Softmax@13': softmax,
  'Sqrt@13': sqrt,
  'Sub@14': sub,
  'Tanh@13': tanh,
  'Transpose@21': transpose,
} satisfies Record<DifferentiableOperator, unknown>;

/** The rule for an operator by its ONNX name, its name types forgotten. */
export const gradientOf: ReadonlyMap<string, GradientRule> = new Map(
  Object.values(gradients).map((rule) => [rule.opType, rule as unknown as GradientRule]),
);
