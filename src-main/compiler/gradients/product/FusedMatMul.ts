import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { float, integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = α A'·B', A' = A with its last two axes swapped if transA, B' likewise, the other axes broadcast;  dA' = α dY·B'ᵀ, dB' = α A'ᵀ·dY. */
export const fusedMatMul = defineGradient({
  opType: 'FusedMatMul',
  domain: 'com.microsoft',
  sinceVersion: 1,
  source: 'https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedMatMul',
  formula: "dA' = α dY·B'ᵀ, dB' = α A'ᵀ·dY",
  inputs: ['A', 'B'],
  outputs: ['Y'],
  attributes: { alpha: 1, transA: 0, transB: 0 },
  vjp: ({ A, B }, { Y: dY }, { alpha, transA, transB }, g) => {
    const product = (left: TypedValue, right: TypedValue, turnLeft: number, turnRight: number): TypedValue =>
      fused(g, left, right, { alpha, transA: turnLeft, transB: turnRight });
    return {
      // Transposed inputs take the transpose of the formula: dA = (α dY·B'ᵀ)ᵀ = α B'·dYᵀ.
      A: () => (transA ? product(B, dY, transB, 1) : product(dY, B, 0, 1 - transB)),
      B: () => (transB ? product(dY, A, 1, transA) : product(A, dY, 1 - transA, 0)),
    };
  },
  samples: [
    { inputs: { A: [3, 4], B: [4, 2] }, attributes: { alpha: float(0.5) } },
    { inputs: { A: [2, 4, 3], B: [4, 2] }, attributes: { transA: integer(1) } },
    { inputs: { A: [2, 3, 4], B: [2, 2, 4] }, attributes: { transB: integer(1), alpha: float(-2) } },
    { inputs: { A: [4, 3], B: [5, 2, 4] }, attributes: { transA: integer(1), transB: integer(1), alpha: float(1.5) } },
  ],
  specialPoints: [],
});

function fused(
  g: TypedOps,
  left: TypedValue,
  right: TypedValue,
  { alpha, transA, transB }: { alpha: number; transA: number; transB: number },
): TypedValue {
  return g.op('com.microsoft.FusedMatMul', [left, right], { alpha: float(alpha), transA, transB });
}
