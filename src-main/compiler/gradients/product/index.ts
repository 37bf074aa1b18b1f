import { gemm } from './Gemm.ts';
import { matMul } from './MatMul.ts';

export const product = {
  'Gemm@13': gemm,
  'MatMul@13': matMul,
};
