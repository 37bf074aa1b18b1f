import { describe, expect, it } from 'vitest';
import type { Graph } from '../onnx/graph.ts';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { rowGradients } from './rowGradients.ts';

const scatter = (start: string, reduction: string): Graph =>
  parseGraphText(`step (float32[8192,8] x, int64[4,3] ids, float32[4,3,8] d) => (float32[8192,8] gradient.w, float32[4,3,8] other) {
  zero = float32[] {0}
  sizes = int64[2] {8192, 8}
  zeros = Expand(zero, sizes)
  column = int64[2] {12, 1}
  flat = int64[2] {12, 8}
  indices = Reshape(ids, column)
  moved = Neg(d)
  rows = Reshape(moved, flat)
  gradient.w = ScatterND <reduction="${reduction}">(${start}, indices, rows)
  other = Abs(moved)
}
`);
const cells = (columns: string): Graph =>
  parseGraphText(`step (int32[4,3] ids, float32[4,3,8] d) => (float32[8192,8] gradient.w) {
  zero = float32[] {0}
  size = int64[1] {65536}
  zeros = Expand(zero, size)
  width = int32[] {8}
  columns = int32[1,1,8] {${columns}}
  flatRows = int64[3] {1, 12, 1}
  all = int64[1] {96}
  sizes = int64[2] {8192, 8}
  row = Reshape(ids, flatRows)
  starts = Mul(row, width)
  cells = Add(starts, columns)
  indices = Reshape(cells, all)
  moved = Neg(d)
  rows = Reshape(moved, all)
  sum = ScatterElements <reduction="add">(zeros, indices, rows)
  gradient.w = Reshape(sum, sizes)
}
`);
const parameter = [{ name: 'w', dtype: 'float32', shape: [8192, 8] }] as const;

describe('rowGradients', () => {
  it('gives rows and their numbers in place of rows that are added to zeros', () => {
    for (const [graph, outputs] of [
      [scatter('zeros', 'add'), ['gradientRows.w', 'gradientIndices.w', 'other']],
      [cells('0, 1, 2, 3, 4, 5, 6, 7'), ['gradientRows.w', 'gradientIndices.w']],
    ] as const) {
      const { graph: changed, tables } = rowGradients(graph, parameter, 2);
      expect(tables).toEqual([{ parameter: 'w', rows: 24, width: 8, tableRows: 8192 }]);
      expect(changed.outputs.map((each) => each.name)).toEqual(outputs);
      expect(changed.outputs.slice(0, 2).map((each) => each.shape)).toEqual([
        [4, 3, 8],
        [4, 3],
      ]);
      // The move itself is the output: nothing is copied.
      expect(changed.nodes.map((node) => node.opType).filter((each) => each !== 'Abs')).toEqual(['Neg', 'Cast']);
    }
  });

  it('leaves a gradient whole that is more than rows in zeros, or half of whose rows are met', () => {
    for (const graph of [scatter('x', 'add'), scatter('zeros', 'max'), cells('0, 1, 2, 3, 4, 5, 7, 6')]) {
      const { graph: same, tables } = rowGradients(graph, parameter, 2);
      expect(tables).toEqual([]);
      expect(same.outputs).toEqual(graph.outputs);
    }
    expect(rowGradients(scatter('zeros', 'add'), parameter, 341).tables).toHaveLength(1);
    expect(rowGradients(scatter('zeros', 'add'), parameter, 342).tables).toHaveLength(0);
  });
});
