import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = X where condition, else Y;  dX = d output where condition, else 0; dY the other way round. */
export const where = defineGradient({
  opType: 'Where',
  sinceVersion: 16,
  source: 'https://onnx.ai/onnx/operators/onnx__Where.html',
  formula: 'dX = where(condition, d output, 0), dY = where(condition, 0, d output)',
  inputs: ['condition', 'X', 'Y'],
  outputs: ['output'],
  attributes: {},
  // Not a product with a mask: where the incoming gradient is infinite, 0 · ∞ would spoil the side that was not taken.
  vjp: ({ condition }, { output: dy }, _, g) => ({
    X: () => g.op('Where', [condition, dy, g.scalar(0, dy)]),
    Y: () => g.op('Where', [condition, g.scalar(0, dy), dy]),
  }),
  samples: [
    { inputs: { X: [2, 3], Y: [2, 3] }, constants: { condition: tensorOf('bool', [2, 3], [1, 0, 0, 1, 1, 0]) } },
    { inputs: { X: [3], Y: [2, 1] }, constants: { condition: tensorOf('bool', [2, 3], [1, 0, 0, 1, 1, 0]) } },
    { inputs: { X: [2, 3], Y: [] }, constants: { condition: tensorOf('bool', [3], [1, 0, 1]) } },
    { inputs: { X: [], Y: [] }, constants: { condition: tensorOf('bool', [3], [1, 0, 1]) } },
  ],
  specialPoints: [
    {
      inputs: { X: { shape: [2], values: [1, 1] }, Y: { shape: [2], values: [2, 2] } },
      constants: { condition: tensorOf('bool', [2], [1, 0]) },
      gradients: { X: [1, 0], Y: [0, 1] },
    },
  ],
});
