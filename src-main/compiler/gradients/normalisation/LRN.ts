import { float, integer } from '../../onnx/attributes.ts';
import { defineComposite } from '../defineGradient.ts';
import { alongAxes } from '../pooling/alongAxes.ts';

/** Y = X / (bias + α/size · Σ X² over neighbouring channels)^β. The sum is a product with a banded matrix. */
export const lrn = defineComposite({
  opType: 'LRN',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__LRN.html; Krizhevsky, Sutskever & Hinton (2012), §3.3',
  formula: 'Y = X ⊙ (bias + α/size · band(X²))^−β',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: 1e-4, beta: 0.75, bias: 1, size: 1 },
  decompose: ({ X }, { alpha, beta, bias, size }, g) => {
    const channels = Number(X.shape[1]);
    const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
    const band = Array.from({ length: channels }, (_, to) =>
      Array.from({ length: channels }, (__, from) => (from >= to - before && from <= to + after ? alpha / size : 0)),
    );
    const base = g.add(alongAxes(g, g.mul(X, X), [{ axis: 1, matrix: band }]), g.scalar(bias, X));
    return [g.mul(X, g.op('Pow', [base, g.scalar(-beta, X)]))];
  },
  samples: [
    { inputs: { X: [2, 5, 2, 2] }, attributes: { size: integer(3), alpha: float(0.5) } },
    { inputs: { X: [1, 4, 1, 3] }, attributes: { size: integer(5), alpha: float(0.25), beta: float(0.5), bias: float(2) } },
  ],
  specialPoints: [{ inputs: { X: { shape: [1, 1, 1, 1], values: [0] } }, attributes: { size: integer(1) }, gradients: { X: [1] } }],
});
