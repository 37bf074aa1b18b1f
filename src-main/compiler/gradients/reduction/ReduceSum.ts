import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { spreadOver } from './spreadOver.ts';

/** reduced = Σ_axes data;  d data = d reduced, repeated along the axes. `axes` is a constant; absent: all axes. */
export const reduceSum = defineGradient({
  opType: 'ReduceSum',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceSum.html',
  formula: 'd data = expand(d reduced)',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({ data: () => spreadOver(g, dy, { data, axes, noop }) }),
  samples: [
    { inputs: { data: [2, 3] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) } },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) } },
  ],
  specialPoints: [],
});
