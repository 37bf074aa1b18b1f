import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { keepAxes } from './spreadOver.ts';

/** reduced = ln Σ exp(data) over axes;  d data = d reduced ⊙ exp(data − reduced), 0 where all are −∞ (a row that is masked out). */
export const reduceLogSumExp = defineGradient({
  opType: 'ReduceLogSumExp',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html',
  formula: 'd data = d reduced ⊙ exp(data − reduced)',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes, reduced }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => {
      const kept = (value: TypedValue): TypedValue => keepAxes(g, value, { data, axes, noop });
      // −∞ − 0 instead of −∞ + ∞, which is NaN. Less, because not every provider has IsInf.
      const masked = g.op('Less', [reduced, g.scalar(-3e38, reduced)]);
      const total = g.op('Where', [masked, g.scalar(0, reduced), reduced]);
      return g.mul(kept(dy), g.exp(g.sub(data, kept(total))));
    },
  }),
  samples: [
    { inputs: { data: [2, 3] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) } },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) } },
  ],
  specialPoints: [
    { inputs: { data: { shape: [2], values: [1000, 0] } }, gradients: { data: [1, 0] } },
    {
      inputs: { data: { shape: [2, 2], values: [-Infinity, -Infinity, -Infinity, 1] } },
      constants: { axes: [1] },
      gradients: { data: [0, 0, 0, 1] },
    },
  ],
});
