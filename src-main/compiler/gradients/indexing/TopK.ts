import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** Values, Indices = the K largest (smallest) along `axis`, and where they are;  dX = dValues at those places, 0 elsewhere. */
export const topK = defineGradient({
  opType: 'TopK',
  sinceVersion: 11,
  source: 'https://onnx.ai/onnx/operators/onnx__TopK.html',
  formula: 'dX = scatterElements(0, Indices, dValues)',
  inputs: ['X', 'K'],
  outputs: ['Values', 'Indices'],
  attributes: { axis: -1 },
  vjp: ({ X, Indices }, { Values: dy }, { axis }, g) => ({
    X: () => g.op('ScatterElements', [g.filledLike(X), Indices, dy], { axis }),
  }),
  samples: [
    { inputs: { X: [3, 5] }, constants: { K: [2] }, apart: 0.02 },
    { inputs: { X: [4, 3] }, constants: { K: [3] }, attributes: { axis: integer(0), largest: integer(0) }, apart: 0.02 },
  ],
  specialPoints: [
    // Of equal values the first is taken.
    { inputs: { X: { shape: [4], values: [1, 3, 3, 2] } }, constants: { K: [1] }, gradients: { X: [0, 1, 0, 0] } },
  ],
});
