import { defineGradient } from '../defineGradient.ts';
import { oneMinusSquare } from './oneMinusSquare.ts';

/** output = arcsin(input);  d input = d output / √(1 − input²). Infinite at ±1, as the slope is. */
export const asin = defineGradient({
  opType: 'Asin',
  sinceVersion: 7,
  source: 'https://onnx.ai/onnx/operators/onnx__Asin.html and https://dlmf.nist.gov/4.24#E7',
  formula: 'd input = d output / √((1 − input) ⊙ (1 + input))',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.div(dy, g.sqrt(oneMinusSquare(g, x))) }),
  samples: [{ inputs: { input: [2, 5] }, domain: [-0.8, 0.8] }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, 0.6] } }, gradients: { input: [1, 1.25] } }],
});
