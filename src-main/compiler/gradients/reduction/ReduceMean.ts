import { elementCount } from '../../onnx/graph.ts';
import { integer } from '../../onnx/attributes.ts';
import { defineGradient } from '../defineGradient.ts';
import { spreadOver } from './spreadOver.ts';

/** reduced = mean_axes data;  d data = d reduced / n, repeated along the axes; n = number of elements averaged. */
export const reduceMean = defineGradient({
  opType: 'ReduceMean',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ReduceMean.html',
  formula: 'd data = expand(d reduced / n)',
  inputs: ['data', 'axes'],
  outputs: ['reduced'],
  attributes: { noop_with_empty_axes: 0 },
  vjp: ({ data, axes, reduced }, { reduced: dy }, { noop_with_empty_axes: noop }, g) => ({
    data: () => spreadOver(g, g.mul(dy, g.scalar(elementCount(reduced.shape) / elementCount(data.shape), dy)), { data, axes, noop }),
  }),
  samples: [
    { inputs: { data: [2, 3] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [1] } },
    { inputs: { data: [2, 3, 4] }, constants: { axes: [-1, 0] }, attributes: { keepdims: integer(0) } },
    { inputs: { data: [2, 3] }, attributes: { noop_with_empty_axes: integer(1) } },
  ],
  specialPoints: [],
});
