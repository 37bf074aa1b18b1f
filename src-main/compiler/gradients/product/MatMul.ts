import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { defineGradient } from '../defineGradient.ts';

/** Y = A·B over the last two axes, the others broadcast;  dA = dY·Bᵀ, dB = Aᵀ·dY. Both inputs have two or more axes. */
export const matMul = defineGradient({
  opType: 'MatMul',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__MatMul.html',
  formula: 'dA = dY·Bᵀ, dB = Aᵀ·dY',
  inputs: ['A', 'B'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ A, B }, { Y: dY }, _, g) => ({
    A: () => (isMatrix(A) && isMatrix(B) ? g.gemm(dY, B, { transB: 1 }) : g.matMul(dY, g.swapLast(B))),
    B: () => {
      if (isMatrix(A) && isMatrix(B)) return g.gemm(A, dY, { transA: 1 });
      // One weight for all: a single product over rows and batch at once, instead of one per batch and a sum.
      if (isMatrix(B)) return g.gemm(toRows(g, A), toRows(g, dY), { transA: 1 });
      return g.matMul(g.swapLast(A), dY);
    },
  }),
  samples: [
    { inputs: { A: [3, 4], B: [4, 2] } },
    { inputs: { A: [2, 3, 4], B: [4, 2] } },
    { inputs: { A: [2, 3, 4], B: [2, 4, 2] } },
    { inputs: { A: [3, 4], B: [2, 4, 2] } },
  ],
  specialPoints: [],
});

function isMatrix(value: TypedValue): boolean {
  return value.shape.length === 2;
}

function toRows(g: TypedOps, value: TypedValue): TypedValue {
  return g.op('Reshape', [value, g.graph.int64([-1, Number(value.shape.at(-1))])]);
}
