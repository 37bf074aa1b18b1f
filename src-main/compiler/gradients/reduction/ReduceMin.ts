import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { keepAxes, reducedAxes } from './spreadOver.ts';

/** reduced = min of data over axes;  d data = d reduced where data is the min; ties share it evenly, as in PyTorch's amax. */
export const reduceMin = defineGradient({
  opType: 'ReduceMin',
  sinceVersion: 20,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceMin.html',
  formula: 'd data = d reduced ⊙ [data = min] / number of ties',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes, reduced }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => {
      const kept = (value: TypedValue): TypedValue => keepAxes(g, value, { data, axes, noop });
      const won = g.cast(g.op('Equal', [data, kept(reduced)]), data.dtype);
      const ties = g.reduceSum(won, reducedAxes(g, { data, axes, noop }));
      return g.mul(won, g.div(kept(dy), ties));
    },
  }),
  samples: [
    { inputs: { data: [2, 3] }, apart: 0.02 },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] }, apart: 0.02 },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) }, apart: 0.02 },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) }, apart: 0.02 },
  ],
  specialPoints: [
    {
      inputs: { data: { shape: [2, 4], values: [0, 3, 3, 1, 2, -1, -1, 2] } },
      constants: { axes: [1] },
      cotangent: [1, 6],
      gradients: { data: [1, 0, 0, 0, 0, 3, 3, 0] },
    },
  ],
});
