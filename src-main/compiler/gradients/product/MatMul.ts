import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { Shape } from '../../onnx/graph.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * Y = A·B over the last two axes, the others broadcast;  dA = dY·Bᵀ, dB = Aᵀ·dY. A vector A is a row, a vector B a
 * column, and Y has no axis for it.
 */
export const matMul = defineGradient({
  opType: 'MatMul',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__MatMul.html',
  formula: 'dA = dY·Bᵀ, dB = Aᵀ·dY',
  inputs: ['A', 'B'],
  outputs: ['Y'],
  attributes: {},
  vjp: (tensors, { Y: gradient }, _, g) => {
    const A = g.reshape(tensors.A, asRow(tensors.A.shape));
    const B = g.reshape(tensors.B, asColumn(tensors.B.shape));
    const dY = g.reshape(gradient, outputShape(gradient.shape, tensors.A, tensors.B));
    return {
      A: () => vectorAgain(g, tensors.A, A, isMatrix(A) && isMatrix(B) ? g.gemm(dY, B, { transB: 1 }) : g.matMul(dY, g.swapLast(B))),
      B: () => vectorAgain(g, tensors.B, B, gradientOfB(g, A, B, dY)),
    };
  },
  samples: [
    { inputs: { A: [3, 4], B: [4, 2] } },
    { inputs: { A: [2, 3, 4], B: [4, 2] } },
    { inputs: { A: [2, 3, 4], B: [2, 4, 2] } },
    { inputs: { A: [3, 4], B: [2, 4, 2] } },
    { inputs: { A: [2, 1, 3, 4], B: [5, 4, 2] } },
    { inputs: { A: [4], B: [4] } },
    { inputs: { A: [4], B: [4, 2] } },
    { inputs: { A: [3, 4], B: [4] } },
    { inputs: { A: [4], B: [3, 4, 2] } },
    { inputs: { A: [2, 3, 4], B: [4] } },
  ],
  specialPoints: [],
});

function gradientOfB(g: TypedOps, A: TypedValue, B: TypedValue, dY: TypedValue): TypedValue {
  if (isMatrix(A) && isMatrix(B)) return g.gemm(A, dY, { transA: 1 });
  // One weight for all: a single product over rows and batch at once, instead of one per batch and a sum.
  if (isMatrix(B)) return g.gemm(toRows(g, A), toRows(g, dY), { transA: 1 });
  return g.matMul(g.swapLast(A), dY);
}

function asRow(shape: Shape): Shape {
  return shape.length === 1 ? [1, ...shape] : shape;
}

function asColumn(shape: Shape): Shape {
  return shape.length === 1 ? [...shape, 1] : shape;
}

/** The shape of Y with the axes that vectors left out. */
function outputShape(shape: Shape, A: TypedValue, B: TypedValue): Shape {
  const columns: Shape = B.shape.length === 1 ? [...shape, 1] : shape;
  return A.shape.length === 1 ? [...columns.slice(0, -1), 1, columns.at(-1)!] : columns;
}

/** A gradient of the row or column that stands for a vector loses the extra axis; batch axes stay, the walker sums them. */
function vectorAgain(g: TypedOps, given: TypedValue, used: TypedValue, gradient: TypedValue): TypedValue {
  if (given === used) return gradient;
  return g.reshape(gradient, [...gradient.shape.slice(0, -2), given.shape[0]!]);
}

function isMatrix(value: TypedValue): boolean {
  return value.shape.length === 2;
}

function toRows(g: TypedOps, value: TypedValue): TypedValue {
  return g.op('Reshape', [value, g.graph.int64([-1, Number(value.shape.at(-1))])]);
}
