// One column of a dataset version, a value for each row.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { parquetRows, quoteName } from './duck.ts';
import type { DatasetFile } from '../order.ts';
import { rawExpression, rawKind, readTable } from './readTable.ts';

/** A column as text, whatever its type: what a class is called. */
export async function readTexts(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  { name }: Column,
): Promise<{ codes: Int32Array; dictionary: string[] }> {
  const table = await readTable(connection, dataset.file, { columns: [{ name, type: 'category' }], capacity: dataset.rows });
  const column = table.columns.get(name)!;
  if (column.kind !== 'string') throw new Error('a category is text');
  return column;
}

/** One number for each row; NaN where missing. `expression` gives DOUBLE. */
export async function readNumbers(connection: DuckDBConnection, { file, rows }: DatasetFile, expression: string): Promise<Float64Array> {
  const values = new Float64Array(rows);
  const result = await connection.stream(`SELECT coalesce(${expression}, 'NaN'::DOUBLE) AS value FROM ${parquetRows(file)}`);
  let start = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    chunk.getColumnValues(0).forEach((value, at) => (values[start + at] = value as number));
    start += chunk.rowCount;
  }
  return values;
}

/** For a temporal holdout: a number that grows with time. Errors: MK_FEATURES_COLUMN_MISSING, MK_TRAIN_TIME_COLUMN. */
export async function readTimes(connection: DuckDBConnection, dataset: DatasetFile, name: string): Promise<Float64Array> {
  const column = columnOf(dataset.columns, name);
  if (rawKind(column.type) === 'float64') return readNumbers(connection, dataset, rawExpression(column));
  if (column.type !== 'integer' && column.type !== 'number')
    throw new ModelkeepError('MK_TRAIN_TIME_COLUMN', { column: name, type: column.type });
  return readNumbers(connection, dataset, `TRY_CAST(${quoteName(name)} AS DOUBLE)`);
}

/** A code for each row, equal where the column is; missing cells are a group each. Error: MK_FEATURES_COLUMN_MISSING. */
export async function readGroups(connection: DuckDBConnection, dataset: DatasetFile, name: string): Promise<Int32Array> {
  const { codes, dictionary } = await readTexts(connection, dataset, columnOf(dataset.columns, name));
  let next = dictionary.length;
  return codes.map((code) => (dictionary[code] === '' ? next++ : code));
}

/** NaN where missing. Errors: MK_FEATURES_COLUMN_MISSING, MK_TRAIN_WEIGHT_COLUMN. */
export async function readWeights(connection: DuckDBConnection, dataset: DatasetFile, name: string): Promise<Float64Array> {
  const { type } = columnOf(dataset.columns, name);
  if (type !== 'integer' && type !== 'number') throw new ModelkeepError('MK_TRAIN_WEIGHT_COLUMN', { column: name, type });
  return readNumbers(connection, dataset, `TRY_CAST(${quoteName(name)} AS DOUBLE)`);
}

export function columnOf(columns: readonly Column[], name: string): Column {
  const column = columns.find((each) => each.name === name);
  if (!column) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column: name });
  return column;
}
