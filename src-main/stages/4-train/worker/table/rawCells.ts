// Single cells between people and models: dates as text, missing as null.
import type { CellValue } from '../../../../../src-shared/domain/evaluation.ts';
import type { ModelInput } from '../../../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { RawColumn, RawTable } from '../../../3-features/api.ts';
import { rawKind } from './readTable.ts';

const msPerDay = 86_400_000;

/** A model's cell as a person reads it. */
export function cellAt({ type }: Pick<ModelInput, 'type'>, cell: number | string): CellValue {
  if (typeof cell === 'string') return cell === '' ? null : cell;
  if (!Number.isFinite(cell)) return null;
  if (type === 'boolean') return cell !== 0;
  if (type === 'date') return new Date(cell * msPerDay).toISOString().slice(0, 10);
  if (type === 'timestamp') return new Date(Math.round(cell * msPerDay)).toISOString();
  // A float32 as short as it can be told.
  return Number(cell.toPrecision(7));
}

export function shownCell(input: Pick<ModelInput, 'name' | 'type'>, table: RawTable, row: number): CellValue {
  const column = table.columns.get(input.name)!;
  if (column.kind === 'uint8') return null;
  return cellAt(input, column.kind === 'string' ? column.dictionary[column.codes[row]!]! : column.values[row]!);
}

/** The table with one more row, made of `cells`; columns that are not named are missing. Errors: MK_EXPLAIN_CELL, MK_EXPLAIN_COLUMN. */
export function withCells(
  table: RawTable,
  inputs: readonly ModelInput[],
  cells: Readonly<Record<string, CellValue>>,
): { table: RawTable; row: number } {
  for (const name of Object.keys(cells))
    if (!inputs.some((input) => input.name === name)) throw new ModelkeepError('MK_EXPLAIN_COLUMN', { column: name });
  const columns = new Map<string, RawColumn>(table.columns);
  for (const input of inputs) {
    const column = table.columns.get(input.name);
    const cell = cells[input.name] ?? null;
    if (!column) {
      if (cell !== null) throw new ModelkeepError('MK_EXPLAIN_COLUMN', { column: input.name });
      continue;
    }
    columns.set(input.name, appended(column, modelCell(input, cell)));
  }
  return { table: { rows: table.rows + 1, columns }, row: table.rows };
}

function modelCell(input: ModelInput, cell: CellValue): number | string {
  const kind = rawKind(input.type);
  if (kind === 'string') return cell === null ? '' : String(cell);
  if (kind === 'uint8') throw new ModelkeepError('MK_EXPLAIN_COLUMN', { column: input.name });
  if (cell === null || cell === '') return NaN;
  const value =
    kind === 'float64' && typeof cell === 'string' ? Date.parse(cell) / msPerDay : typeof cell === 'boolean' ? Number(cell) : Number(cell);
  if (!Number.isFinite(value))
    throw new ModelkeepError('MK_EXPLAIN_CELL', { column: input.name, value: String(cell).slice(0, 60), type: input.type });
  return value;
}

function appended(column: RawColumn, cell: number | string): RawColumn {
  switch (column.kind) {
    case 'string': {
      const known = column.dictionary.indexOf(cell as string);
      const code = known < 0 ? column.dictionary.length : known;
      return {
        kind: 'string',
        codes: Int32Array.of(...column.codes, code),
        dictionary: known < 0 ? [...column.dictionary, cell as string] : column.dictionary,
      };
    }
    case 'float32':
      return { kind: 'float32', values: Float32Array.of(...column.values, cell as number) };
    case 'float64':
      return { kind: 'float64', values: Float64Array.of(...column.values, cell as number) };
    case 'uint8':
      return column;
  }
}
