import { integer } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineGradient } from '../defineGradient.ts';
import { addRows, integers } from './addRows.ts';
import { rowNumbers } from './rowNumbers.ts';

/**
 * output = the slices of data that the tuples along the last axis of `indices` name, batch by batch for the first `batch_dims`
 * axes. A tuple is the number of a row in data read as rows, so d data = `addRows` of d output.
 */
export const gatherNd = defineGradient({
  opType: 'GatherND',
  sinceVersion: 13,
  source: 'https://onnx.ai/onnx/operators/onnx__GatherND.html',
  formula: 'd data[b, i] = Σ_{m: indices[b, m] = i} d output[b, m]',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  attributes: { batch_dims: 0 },
  vjp: ({ data, indices }, { output: dy }, { batch_dims: batchDims }, g) => ({
    data: () => {
      const depth = indices.shape.at(-1) as number;
      const batches = elementCount(data.shape.slice(0, batchDims));
      const indexed = elementCount(data.shape.slice(batchDims, batchDims + depth));
      const width = elementCount(data.shape.slice(batchDims + depth));
      const entries = elementCount(indices.shape.slice(0, -1));
      let rows = g.reshape(rowNumbers(g, data.shape.slice(batchDims, batchDims + depth), indices), [batches, entries / batches]);
      if (batches > 1) {
        const starts = Array.from({ length: batches }, (_, batch) => batch * indexed);
        rows = g.add(rows, integers(g, indices, [batches, 1], starts));
      }
      const table = { sections: 1, count: batches * indexed, width };
      return g.reshape(addRows(g, table, g.reshape(rows, [entries]), g.reshape(dy, [1, entries, width])), data.shape);
    },
  }),
  samples: [
    { inputs: { data: [2, 3] }, constants: { indices: tensorOf('int64', [3, 2], [0, 0, 1, -1, 0, 0]) } },
    { inputs: { data: [3, 2] }, constants: { indices: tensorOf('int64', [2, 2, 1], [1, -1, 1, 0]) } },
    {
      inputs: { data: [2, 3, 2] },
      constants: { indices: tensorOf('int64', [2, 2, 1], [1, 1, -1, 0]) },
      attributes: { batch_dims: integer(1) },
    },
    {
      inputs: { data: [2, 3, 2, 2] },
      constants: { indices: tensorOf('int64', [2, 2], [1, -1, -3, 0]) },
      attributes: { batch_dims: integer(1) },
    },
    { inputs: { data: [40, 40] }, constants: { indices: tensorOf('int64', [4, 2], [39, -1, 39, 39, 0, 0, -40, 1]) } },
  ],
  specialPoints: [],
});
