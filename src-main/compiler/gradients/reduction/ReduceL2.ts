import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { keepAxes } from './spreadOver.ts';

/** reduced = √(Σ data²) over axes;  d data = d reduced ⊙ data / reduced, 0 where all are 0, as in PyTorch. */
export const reduceL2 = defineGradient({
  opType: 'ReduceL2',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceL2.html',
  formula: 'd data = d reduced ⊙ data / reduced',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes, reduced }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => {
      const kept = (value: TypedValue): TypedValue => keepAxes(g, value, { data, axes, noop });
      // 0 / 1 instead of 0 / 0.
      const norm = g.add(reduced, g.cast(g.op('Equal', [reduced, g.scalar(0, reduced)]), reduced.dtype));
      return g.mul(data, kept(g.div(dy, norm)));
    },
  }),
  samples: [
    { inputs: { data: [2, 3] }, awayFromZero: 0.1 },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] }, awayFromZero: 0.1 },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) }, awayFromZero: 0.1 },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) }, awayFromZero: 0.1 },
  ],
  specialPoints: [
    {
      inputs: { data: { shape: [2, 2], values: [0, 0, 3, -4] } },
      constants: { axes: [1] },
      gradients: { data: [0, 0, 0.6, -0.8] },
    },
  ],
});
