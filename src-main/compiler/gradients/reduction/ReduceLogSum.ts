import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { spreadOver } from './spreadOver.ts';

/** reduced = ln Σ data over axes;  d data = d reduced / Σ data. */
export const reduceLogSum = defineGradient({
  opType: 'ReduceLogSum',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html',
  formula: 'd data = d reduced ⊙ exp(−reduced)',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes, reduced }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => spreadOver(g, g.mul(dy, g.exp(g.neg(reduced))), { data, axes, noop }),
  }),
  samples: [
    { inputs: { data: [2, 3] }, domain: [0.3, 2] },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] }, domain: [0.3, 2] },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) }, domain: [0.3, 2] },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) }, domain: [0.3, 2] },
  ],
  specialPoints: [{ inputs: { data: { shape: [2], values: [0.5, 1.5] } }, gradients: { data: [0.5, 0.5] } }],
});
