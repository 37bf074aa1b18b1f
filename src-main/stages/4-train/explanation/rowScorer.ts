// A finished model as a function of raw cells: what every explanation here asks, whatever the learner is.
import type { ModelInput } from '../../../../src-shared/domain/features.ts';
import type { RawColumn, RawTable } from '../../3-features/api.ts';

/** Which cell of which column each row takes; a column that is not named takes the table's cells at `rows`. */
export interface MixedRows {
  rows: Int32Array;
  replaced: ReadonlyMap<string, Replacement>;
}
export interface Replacement {
  column: RawColumn;
  /** Cell of `column` that each row takes. */
  cells: Int32Array;
}

export interface RowScorer {
  inputs: readonly ModelInput[];
  /** Held-out rows. */
  table: RawTable;
  /** One number a row: the probability of the explained class (or its log odds), or the number that the model answers. */
  score(mixed: MixedRows): Promise<Float64Array>;
}

/** Rows of the table as they are. */
export function asTheyAre(rows: Int32Array): MixedRows {
  return { rows, replaced: new Map() };
}

/** Columns that the model reads and the table has, pictures aside. */
export function explainable({ inputs, table }: Pick<RowScorer, 'inputs' | 'table'>): ModelInput[] {
  return inputs.filter(({ name, type }) => type !== 'image' && table.columns.has(name));
}

/** Evenly over the whole. */
export function spread(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, at) => rows[Math.floor((at * rows.length) / most)]!);
}

export function sameCell(column: RawColumn, a: number, b: number): boolean {
  if (column.kind === 'string') return column.codes[a] === column.codes[b];
  if (column.kind === 'uint8') return a === b;
  return Object.is(column.values[a], column.values[b]);
}
