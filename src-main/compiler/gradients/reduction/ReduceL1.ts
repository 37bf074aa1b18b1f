import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { keepAxes } from './spreadOver.ts';

/** reduced = Σ |data| over axes;  d data = d reduced ⊙ sign(data), 0 at 0. */
export const reduceL1 = defineGradient({
  opType: 'ReduceL1',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceL1.html',
  formula: 'd data = d reduced ⊙ sign(data)',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => {
      const kept = (value: TypedValue): TypedValue => keepAxes(g, value, { data, axes, noop });
      return g.mul(kept(dy), g.op('Sign', [data]));
    },
  }),
  samples: [
    { inputs: { data: [2, 3] }, awayFromZero: 0.1 },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] }, awayFromZero: 0.1 },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) }, awayFromZero: 0.1 },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) }, awayFromZero: 0.1 },
  ],
  specialPoints: [{ inputs: { data: { shape: [3], values: [0, 2, -3] } }, cotangent: [2], gradients: { data: [0, 2, -2] } }],
});
