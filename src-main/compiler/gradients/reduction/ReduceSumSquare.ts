import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { keepAxes } from './spreadOver.ts';

/** reduced = Σ data² over axes;  d data = 2 d reduced ⊙ data. */
export const reduceSumSquare = defineGradient({
  opType: 'ReduceSumSquare',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html',
  formula: 'd data = 2 d reduced ⊙ data',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => {
      const kept = (value: TypedValue): TypedValue => keepAxes(g, value, { data, axes, noop });
      return g.mul(kept(dy), g.add(data, data));
    },
  }),
  samples: [
    { inputs: { data: [2, 3] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) } },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) } },
  ],
  specialPoints: [],
});
