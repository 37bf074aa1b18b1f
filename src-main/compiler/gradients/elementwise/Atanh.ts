import { defineGradient } from '../defineGradient.ts';
import { oneMinusSquare } from './oneMinusSquare.ts';

/** output = artanh(input);  d input = d output / (1 − input²). Infinite at ±1, as the slope is. */
export const atanh = defineGradient({
  opType: 'Atanh',
  sinceVersion: 9,
  source: 'https://onnx.ai/onnx/operators/onnx__Atanh.html and https://dlmf.nist.gov/4.40',
  formula: 'd input = d output / ((1 − input) ⊙ (1 + input))',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.div(dy, oneMinusSquare(g, x)) }),
  samples: [{ inputs: { input: [2, 5] }, domain: [-0.7, 0.7] }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, 0.5] } }, gradients: { input: [1, 4 / 3] } }],
});
