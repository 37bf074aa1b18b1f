import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';

/** y = x − ln Σ_axis exp(x);  dx = dy − exp(y) ⊙ Σ_axis dy. */
export const logSoftmax = defineGradient({
  opType: 'LogSoftmax',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__LogSoftmax.html',
  formula: 'dx = dy − exp(y) ⊙ Σ_axis dy',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: -1 },
  vjp: ({ output: y }, { output: dy }, { axis }, g) => ({ input: () => g.sub(dy, g.mul(g.exp(y), g.reduceSum(dy, [axis]))) }),
  samples: [{ inputs: { input: [2, 5] } }, { inputs: { input: [2, 3, 4] }, attributes: { axis: integer(0) } }],
  specialPoints: [{ inputs: { input: { shape: [1, 2], values: [1000, 0] } }, cotangent: [0, 1], gradients: { input: [-1, 1] } }],
});
