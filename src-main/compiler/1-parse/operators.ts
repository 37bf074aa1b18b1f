/**
 * Operators that a forward graph may use, each with the version that opset 21 means by it.
 * Dropout is accepted too: the parser turns it into Mul.
 */
export const differentiableOperators = [
  'Add@14',
  'Div@14',
  'Erf@13',
  'Exp@13',
  'Flatten@21',
  'Gemm@13',
  'Identity@21',
  'Log@13',
  'LogSoftmax@13',
  'MatMul@13',
  'Mul@14',
  'Neg@13',
  'ReduceMean@18',
  'ReduceSum@13',
  'Relu@14',
  'Reshape@21',
  'Sigmoid@13',
  'Softmax@13',
  'Sqrt@13',
  'Sub@14',
  'Tanh@13',
  'Transpose@21',
] as const;
export type DifferentiableOperator = (typeof differentiableOperators)[number];

const names = new Set<string>(differentiableOperators.map((each) => each.slice(0, each.indexOf('@'))));

export function isDifferentiable(opType: string): boolean {
  return names.has(opType);
}
