import { det } from './Det.ts';
import { einsum } from './Einsum.ts';
import { fusedGemm } from './FusedGemm.ts';
import { fusedMatMul } from './FusedMatMul.ts';
import { gemm } from './Gemm.ts';
import { inverse } from './Inverse.ts';
import { matMul } from './MatMul.ts';

export const product = {
  'Det@11': det,
  'Einsum@12': einsum,
  'Gemm@13': gemm,
  'MatMul@13': matMul,
  'com.microsoft.FusedGemm@1': fusedGemm,
  'com.microsoft.FusedMatMul@1': fusedMatMul,
  'com.microsoft.Inverse@1': inverse,
};
