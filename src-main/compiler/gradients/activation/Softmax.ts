import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** y = exp(x) / Σ_axis exp(x);  dx = y ⊙ (dy − Σ_axis(dy ⊙ y)). */
export const softmax = defineGradient({
  opType: 'Softmax',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Softmax.html',
  formula: 'dx = y ⊙ (dy − Σ_axis(dy ⊙ y))',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: -1 },
  vjp: ({ output: y }, { output: dy }, { axis }, g) => ({
    input: () => g.mul(y, g.sub(dy, g.reduceSum(g.mul(dy, y), [axis]))),
  }),
  samples: [{ inputs: { input: [2, 5] } }, { inputs: { input: [2, 3, 4] }, attributes: { axis: integer(1) } }],
  specialPoints: [{ inputs: { input: { shape: [1, 2], values: [1000, 0] } }, cotangent: [0, 1], gradients: { input: [0, 0] } }],
});
