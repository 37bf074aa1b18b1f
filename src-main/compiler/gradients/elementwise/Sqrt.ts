import { defineGradient } from '../defineGradient.ts';

/** Y = √X;  dX = dY / (2 Y). Infinite at 0, as the slope is. */
export const sqrt = defineGradient({
  opType: 'Sqrt',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Sqrt.html',
  formula: 'dX = dY / (2 Y)',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {},
  vjp: ({ Y }, { Y: dY }, _, g) => ({ X: () => g.div(dY, g.add(Y, Y)) }),
  samples: [{ inputs: { X: [2, 3] }, domain: [0.3, 4] }],
  specialPoints: [{ inputs: { X: { shape: [2], values: [4, 1e-8] } }, gradients: { X: [0.25, 5000] } }],
});
