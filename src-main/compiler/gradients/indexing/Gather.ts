import { fixed, fromEnd } from '../../2-shapes/rules/shapeRule.ts';
import { integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';
import { runsOf, sumCopies } from '../shape/copies.ts';
import { addRows } from './addRows.ts';

/**
 * output = the entries of `axis` that `indices` (any shape, from the end when negative) name;  d data = the sum of d output
 * over all places that took an entry. Constant indices that follow each other (one element, a few stretches) are slices;
 * otherwise `addRows`, which says what it costs. For the embedding table of a large vocabulary see `rowReads.ts`.
 */
export const gather = defineGradient({
  opType: 'Gather',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__Gather.html',
  formula: 'd data[…, i, …] = Σ_{m: indices[m] = i} d output[…, m, …]',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  attributes: { axis: 0 },
  vjp: ({ data, indices }, { output: dy }, { axis: listed }, g) => ({
    data: () => {
      const axis = fromEnd(listed, data.shape.length);
      const count = fixed(data.shape[axis], 'The size that Gather takes from');
      const known = g.graph.constantValue(indices);
      if (known) {
        const from = Array.from(known.data as Iterable<number | bigint>, (index) =>
          Number(index) < 0 ? Number(index) + count : Number(index),
        );
        const runs = runsOf(from);
        if (runs.length === 0) return g.filledLike(data);
        if (runs.length <= mostRuns) return sumCopies(g, g.reshape(dy, data.shape.with(axis, from.length)), axis, count, runs);
      }
      const [sections, width] = [elementCount(data.shape.slice(0, axis)), elementCount(data.shape.slice(axis + 1))];
      const entries = elementCount(indices.shape);
      const sum = addRows(g, { sections, count, width }, g.reshape(indices, [entries]), g.reshape(dy, [sections, entries, width]));
      return g.reshape(sum, data.shape);
    },
  }),
  samples: [
    // Slices: one element, a stretch and its mirror, repeats.
    { inputs: { data: [4, 3] }, constants: { indices: tensorOf('int64', [], [-1]) } },
    { inputs: { data: [2, 5, 2] }, constants: { indices: tensorOf('int32', [2, 2], [1, 2, 3, -1]) }, attributes: { axis: integer(1) } },
    { inputs: { data: [2, 4] }, constants: { indices: [3, 2, 1, 1, 1] }, attributes: { axis: integer(-1) } },
    // One-hot: equal indices, also from the end, in one section and in several.
    { inputs: { data: [5, 3] }, constants: { indices: tensorOf('int32', [2, 4], [0, 3, -2, 3, 1, 4, 0, 2]) } },
    { inputs: { data: [3, 4, 2] }, constants: { indices: [0, 2, 1, 3, -1, 0, 2] }, attributes: { axis: integer(1) } },
    { inputs: { data: [3, 4] }, constants: { indices: [0, 2, 0, 3, -1, 0, 2] }, attributes: { axis: integer(1) } },
    // Flat.
    { inputs: { data: [250, 2] }, constants: { indices: [200, 3, -1, 3, 7, 0, 249, 200] } },
    {
      inputs: { data: [2, 250, 2] },
      constants: { indices: tensorOf('int32', [8], [200, 3, -1, 3, 7, 0, 249, 200]) },
      attributes: { axis: integer(1) },
    },
    { inputs: { data: [250] }, constants: { indices: [200, 3, -1, 3, 7, 0, 249, 200] } },
  ],
  specialPoints: [
    {
      inputs: { data: { shape: [3], values: [1, 2, 3] } },
      constants: { indices: [0, 2, 0, -1, 0, 2, 0] },
      gradients: { data: [4, 0, 3] },
    },
  ],
});

/** Up to here slices beat the general forms: each costs a pass over the result. */
const mostRuns = 3;
