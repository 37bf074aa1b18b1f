import { toAttribute } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineComposite } from '../defineGradient.ts';
import { integers } from './addRows.ts';
import { rowNumbers } from './rowNumbers.ts';

/**
 * output = data, in which the slices that the tuples along the last axis of `indices` name take `updates` or combine with
 * them. Becomes ScatterElements over one flat axis: ONNX Runtime's ScatterND adds on several threads at once, and where
 * indices are equal it loses updates.
 */
export const scatterNd = defineComposite({
  opType: 'ScatterND',
  sinceVersion: 18,
  source: 'https://onnx.ai/onnx/operators/onnx__ScatterND.html',
  formula: 'output = scatterElements(flat data, row · width + column, flat updates, reduction)',
  inputs: ['data', 'indices', 'updates'],
  outputs: ['output'],
  attributes: { reduction: 'none' },
  decompose: ({ data, indices, updates }, { reduction }, g) => {
    const depth = indices.shape.at(-1) as number;
    const width = elementCount(data.shape.slice(depth));
    const entries = elementCount(indices.shape.slice(0, -1));
    const rows = g.reshape(rowNumbers(g, data.shape.slice(0, depth), indices), [entries, 1]);
    const columns = integers(g, indices, [1, width], [...Array(width).keys()]);
    const flat = width === 1 ? rows : g.add(g.mul(rows, integers(g, indices, [], [width])), columns);
    const result = g.op(
      'ScatterElements',
      [g.reshape(data, [elementCount(data.shape)]), g.reshape(flat, [entries * width]), g.reshape(updates, [entries * width])],
      reduction === 'none' ? {} : { reduction },
    );
    return [g.reshape(result, data.shape)];
  },
  samples: [
    { inputs: { data: [3, 2, 2], updates: [2, 2] }, constants: { indices: tensorOf('int64', [2, 2], [0, -1, 2, 0]) } },
    { inputs: { data: [4], updates: [2] }, constants: { indices: tensorOf('int64', [2, 1], [-1, 1]) } },
    ...['add', 'mul', 'max', 'min'].map((reduction) => ({
      inputs: { data: [3, 2], updates: [3, 2] },
      constants: { indices: tensorOf('int64', [3, 1], [1, -2, 0]) },
      attributes: { reduction: toAttribute('reduction', reduction) },
      awayFromZero: 0.3,
      apart: 0.02,
    })),
  ],
  specialPoints: [],
});
