import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/**
 * Z = Xʸ;  dX = dZ ⊙ Y ⊙ X^(Y−1), dY = dZ ⊙ Z ⊙ ln X. Exponents may be integers. As in PyTorch, exponent 0 gives X no
 * gradient, base 0 gives Y none, and for a negative base, where the power exists for integer exponents alone, dY is NaN.
 */
export const pow = defineGradient({
  opType: 'Pow',
  sinceVersion: 15,
  source: 'https://onnx.ai/onnx/operators/onnx__Pow.html and https://dlmf.nist.gov/4.2.iv',
  formula: 'dX = dZ ⊙ Y ⊙ X^(Y−1), dY = dZ ⊙ Z ⊙ ln X',
  inputs: ['X', 'Y'],
  outputs: ['Z'],
  attributes: {},
  vjp: ({ X, Y, Z }, { Z: dZ }, _, g) => ({
    X: () => {
      const exponent = oneNumber(g, Y);
      if (exponent !== undefined) return g.mul(dZ, powerSlope(g, X, exponent));
      const y = g.cast(Y, X.dtype);
      // 0 · X⁰ instead of 0 · X⁻¹, which is NaN for X = 0.
      const lowered = g.add(g.sub(y, g.scalar(1, y)), isZero(g, y));
      return g.mul(dZ, g.mul(y, g.op('Pow', [X, lowered])));
    },
    // ln 1 instead of ln 0, because 0 · −∞ is NaN.
    Y: () => g.mul(dZ, g.mul(Z, g.op('Log', [g.op('Where', [g.op('Equal', [X, g.scalar(0, X)]), g.scalar(1, X), X])]))),
  }),
  samples: [
    { inputs: { X: [2, 3], Y: [2, 3] }, domain: [0.3, 2] },
    { inputs: { X: [2, 3], Y: [] }, domain: [0.3, 2] },
    { inputs: { X: [3], Y: [2, 1] }, domain: [0.3, 2] },
    { inputs: { X: [2, 3] }, constants: { Y: tensorOf('int64', [3], [2, 3, 0]) } },
    { inputs: { X: [2, 3] }, constants: { Y: tensorOf('int64', [], [2]) } },
    { inputs: { X: [2, 3] }, constants: { Y: tensorOf('float64', [], [3]) } },
    { inputs: { X: [2, 3] }, constants: { Y: tensorOf('float64', [1], [-1.5]) }, domain: [0.5, 2] },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [4], values: [0, 0, 2, 0] }, Y: { shape: [4], values: [0, 2, 0, 1] } },
      gradients: { X: [0, 0, 0, 1], Y: [0, 0, Math.log(2), 0] },
    },
    { inputs: { X: { shape: [2], values: [0, -3] } }, constants: { Y: [2] }, gradients: { X: [0, -6] } },
    { inputs: { X: { shape: [2], values: [0, -3] } }, constants: { Y: [0] }, gradients: { X: [0, 0] } },
  ],
});

/** The exponent where it is one constant. */
function oneNumber(g: TypedOps, value: TypedValue): number | undefined {
  const constant = g.graph.constantValue(value);
  return constant?.data.length === 1 ? Number(constant.data[0]) : undefined;
}

/** p X^(p−1); no Pow for the exponents that models contain most. */
function powerSlope(g: TypedOps, x: TypedValue, exponent: number): TypedValue {
  const factor = g.scalar(exponent, x);
  if (exponent === 0 || exponent === 1) return factor;
  if (exponent === 2) return g.add(x, x);
  return g.mul(factor, exponent === 3 ? g.mul(x, x) : g.op('Pow', [x, g.scalar(exponent - 1, x)]));
}

function isZero(g: TypedOps, value: TypedValue): TypedValue {
  return g.cast(g.op('Equal', [value, g.scalar(0, value)]), value.dtype);
}
