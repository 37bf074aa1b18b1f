import { float, integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = α A'·B' + β C, A' = Aᵀ if transA, B' = Bᵀ if transB;  dA' = α dY·B'ᵀ, dB' = α A'ᵀ·dY, dC = β dY. */
export const gemm = defineGradient({
  opType: 'Gemm',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Gemm.html',
  formula: "dA' = α dY·B'ᵀ, dB' = α A'ᵀ·dY, dC = β dY",
  inputs: ['A', 'B', 'C'],
  outputs: ['Y'],
  attributes: { alpha: 1, beta: 1, transA: 0, transB: 0 },
  vjp: ({ A, B }, { Y: dY }, { alpha, beta, transA, transB }, g) => ({
    // Transposed inputs take the transpose of the formula: dA = (α dY·B'ᵀ)ᵀ = α B'·dYᵀ.
    A: () => (transA ? g.gemm(B, dY, { transA: transB, transB: 1, alpha }) : g.gemm(dY, B, { transB: 1 - transB, alpha })),
    B: () => (transB ? g.gemm(dY, A, { transA: 1, transB: transA, alpha }) : g.gemm(A, dY, { transA: 1 - transA, alpha })),
    C: () => (beta === 1 ? dY : g.mul(dY, g.scalar(beta, dY))),
  }),
  samples: [
    { inputs: { A: [3, 4], B: [4, 2], C: [2] } },
    { inputs: { A: [3, 4], B: [4, 2] } },
    { inputs: { A: [4, 3], B: [4, 2], C: [3, 1] }, attributes: { transA: integer(1), alpha: float(0.5) } },
    { inputs: { A: [3, 4], B: [2, 4], C: [] }, attributes: { transB: integer(1), beta: float(-2) } },
    { inputs: { A: [4, 3], B: [2, 4], C: [3, 2] }, attributes: { transA: integer(1), transB: integer(1), alpha: float(1.5) } },
  ],
  specialPoints: [],
});
