import { integer, toAttribute } from '../../onnx/attributes.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';

/** output[i, j] = data[indices[i, j], j] along `axis`;  d data = d output added up where it was taken from. */
export const gatherElements = defineGradient({
  opType: 'GatherElements',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__GatherElements.html',
  formula: 'd data = scatterElements(0, indices, d output, add)',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  attributes: { axis: 0 },
  vjp: ({ data, indices }, { output: dy }, { axis }, g) => ({
    data: () =>
      g.op('ScatterElements', [g.filledLike(data), indices, dy], {
        ...(axis !== 0 && { axis }),
        reduction: toAttribute('reduction', 'add'),
      }),
  }),
  samples: [
    { inputs: { data: [3, 3] }, constants: { indices: tensorOf('int64', [2, 3], [1, 2, 0, -2, 0, 0]) } },
    { inputs: { data: [2, 4] }, constants: { indices: tensorOf('int32', [2, 3], [3, 3, -1, 0, 1, 0]) }, attributes: { axis: integer(1) } },
    {
      inputs: { data: [3, 2, 2] },
      constants: { indices: tensorOf('int64', [2, 3, 1], [0, 1, 0, 1, 1, -2]) },
      attributes: { axis: integer(-2) },
    },
  ],
  specialPoints: [],
});
