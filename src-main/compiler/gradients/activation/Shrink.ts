import { float } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** output = input + bias where input < −λ, input − bias where input > λ, else 0;  d input = d output ⊙ [|input| > λ]. */
export const shrink = defineGradient({
  opType: 'Shrink',
  sinceVersion: 9,
  source: 'https://onnx.ai/onnx/operators/onnx__Shrink.html',
  formula: 'd input = d output ⊙ [|input| > λ]',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { lambd: 0.5 },
  vjp: ({ input: x }, { output: dy }, { lambd }, g) => ({
    input: () => g.mul(dy, g.greaterMask(g.op('Abs', [x]), g.scalar(lambd, x))),
  }),
  samples: [
    { inputs: { input: [3, 5] }, awayFromZero: 0.6 },
    { inputs: { input: [3, 5] }, attributes: { lambd: float(0.1), bias: float(0.1) }, awayFromZero: 0.2 },
    { inputs: { input: [2, 3] }, domain: [-0.4, 0.4] },
  ],
  specialPoints: [{ inputs: { input: { shape: [4], values: [0.5, -0.5, 1, -1] } }, gradients: { input: [0, 0, 1, 1] } }],
});
