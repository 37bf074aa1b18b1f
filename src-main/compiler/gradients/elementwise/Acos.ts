import { defineGradient } from '../defineGradient.ts';
import { oneMinusSquare } from './oneMinusSquare.ts';

/** output = arccos(input);  d input = −d output / √(1 − input²). Infinite at ±1, as the slope is. */
export const acos = defineGradient({
  opType: 'Acos',
  sinceVersion: 7,
  source: 'https://onnx.ai/onnx/operators/onnx__Acos.html and https://dlmf.nist.gov/4.24#E8',
  formula: 'd input = −d output / √((1 − input) ⊙ (1 + input))',
  inputs: ['input'],
  outputs: ['output'],
  attributes: {},
  vjp: ({ input: x }, { output: dy }, _, g) => ({ input: () => g.neg(g.div(dy, g.sqrt(oneMinusSquare(g, x)))) }),
  samples: [{ inputs: { input: [2, 5] }, domain: [-0.8, 0.8] }],
  specialPoints: [{ inputs: { input: { shape: [2], values: [0, 0.6] } }, gradients: { input: [-1, -1.25] } }],
});
