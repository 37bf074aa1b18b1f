// For tests: a plain function of named numbers and texts, asked as a model is.
import type { ModelInput } from '../../../../src-shared/domain/features.ts';
import type { RawColumn, RawTable } from '../../3-features/api.ts';
import type { RowScorer } from './rowScorer.ts';

export type Cells = Record<string, number | string>;

export function functionScorer(table: RawTable, value: (cells: Cells) => number): RowScorer & { asked: Cells[] } {
  const inputs = [...table.columns].map(([name, { kind }]): ModelInput => ({
    name,
    type: kind === 'string' ? 'category' : 'number',
    onnxType: kind === 'string' ? 'string' : 'float32',
    shape: [1],
    required: false,
    range: null,
    categories: null,
  }));
  const asked: Cells[] = [];
  return {
    inputs,
    table,
    asked,
    score: ({ rows, replaced }) => {
      const all = Array.from(rows, (row, at) => {
        const cells: Cells = {};
        for (const [name, column] of table.columns) {
          const other = replaced.get(name);
          cells[name] = other ? cellOf(other.column, other.cells[at]!) : cellOf(column, row);
        }
        return cells;
      });
      asked.push(...all);
      return Promise.resolve(Float64Array.from(all, value));
    },
  };
}

function cellOf(column: RawColumn, at: number): number | string {
  return column.kind === 'string' ? column.dictionary[column.codes[at]!]! : (column.values[at] as number);
}
