// Rows of a file that someone has, as a model takes them.
import { basename, extname } from 'node:path';
import { DuckDBBlobValue, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api';
import type { ModelInput } from '../../../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { decodeImage, type TensorLike } from '../../../3-features/api.ts';
import { quoteName, quoteText } from './duck.ts';
import { historyColumns, historyOfInputs, type HistoryColumns } from './history.ts';
import type { RowSource } from './readSeries.ts';
import { rawKind } from './readTable.ts';
import { imageInputs, inputColumns } from '../models/scoreRows.ts';

export interface FileRows {
  feeds: Record<string, TensorLike>;
  rows: number;
}

/**
 * The rows of a file part by part: .csv, .tsv, .txt (UTF-8, header) or .parquet. Texts are plain, as `ModelSession` takes them. Inputs that are
 * made of earlier rows are made here, of the file's own rows and of `earlier` ones.
 * Errors: MK_PREDICT_FILE, MK_PREDICT_COLUMN_MISSING and MK_FEATURES_HISTORY_DUPLICATE at once; MK_PREDICT_FILE and MK_PREDICT_CELL on the way.
 */
export async function rowsOfFile(
  connection: DuckDBConnection,
  input: string,
  inputs: readonly ModelInput[],
  earlier: RowSource | null = null,
): Promise<FileParts> {
  // First: another query on the connection would end the reading of the rows.
  const made = await historyOfFile(connection, input, inputs, earlier);
  const source = await openSource(
    connection,
    input,
    inputs.filter((each) => !each.history),
  );
  return { parts: partsOf(source, input, inputs, made?.columns ?? null), withoutHistory: made?.withoutHistory ?? null };
}

export interface FileParts {
  parts: AsyncGenerator<FileRows, void>;
  /** Rows for which nothing earlier is known; null of a model that does not look at earlier rows. */
  withoutHistory: number | null;
}

/** Inputs that are made of earlier rows, of the file itself and of a dataset version. */
async function historyOfFile(
  connection: DuckDBConnection,
  input: string,
  inputs: readonly ModelInput[],
  earlier: RowSource | null,
): Promise<HistoryColumns | null> {
  const plan = historyOfInputs(inputs);
  if (!plan) return null;
  const own = { relation: relationOf(input), rowNumber: '(row_number() OVER ()) - 1', name: basename(input) };
  return readable(input, () => historyColumns(connection, { own, earlier }, plan));
}

async function* partsOf(
  source: Source,
  input: string,
  inputs: readonly ModelInput[],
  made: ReadonlyMap<string, Float32Array> | null,
): AsyncGenerator<FileRows, void> {
  let before = 0;
  for (let chunk = await source.next(); chunk; chunk = await source.next()) {
    const feeds = await feedsOf(chunk, inputs, source.columns, basename(input), before);
    for (const [name, values] of made ?? [])
      feeds[name] = { type: 'float32', data: values.slice(before, before + chunk.rowCount), dims: [chunk.rowCount, 1] };
    yield { feeds, rows: chunk.rowCount };
    before += chunk.rowCount;
  }
}

interface Source {
  /** Position in the result of each model input that the file has: its value, and after it the text it came from. */
  columns: ReadonlyMap<string, number>;
  next(): Promise<DuckDBDataChunk | null>;
}

/** Values are cast by the engine, which also gives the cell's text: a cast that fails on text is an error of the cell. */
async function openSource(connection: DuckDBConnection, input: string, inputs: readonly ModelInput[]): Promise<Source> {
  const relation = relationOf(input);
  const described = await readable(input, async () => (await connection.run(`DESCRIBE SELECT * FROM ${relation}`)).getRowObjectsJS());
  const inFile = described.map((row) => ({ name: String(row['column_name']), type: 'text' as const }));
  const used = inputColumns(inputs, inFile, basename(input));
  const fields = used.flatMap(({ name, type }) => {
    const column = quoteName(name);
    return [valueExpression(column, type), rawKind(type) === 'uint8' ? `''` : `coalesce(CAST(${column} AS VARCHAR), '')`];
  });
  const select = `SELECT ${fields.map((field, at) => `${field} AS c${at}`).join(', ') || '1'} FROM ${relation}`;
  const result = await readable(input, () => connection.stream(select));
  return {
    columns: new Map(used.map(({ name }, at) => [name, at * 2])),
    next: () =>
      readable(input, async () => {
        const chunk = await result.fetchChunk();
        return chunk && chunk.rowCount > 0 ? chunk : null;
      }),
  };
}

async function readable<T>(input: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isModelkeepError(error)) throw error;
    throw new ModelkeepError('MK_PREDICT_FILE', { file: basename(input), reason: firstLine(error) }, { cause: error });
  }
}

function relationOf(input: string): string {
  const extension = extname(input).toLowerCase();
  if (extension === '.parquet') return `read_parquet(${quoteText(input)})`;
  if (extension === '.csv' || extension === '.tsv' || extension === '.txt')
    return `read_csv(${quoteText(input)}, all_varchar = true, header = true)`;
  throw new ModelkeepError('MK_PREDICT_FILE', { file: basename(input), reason: `“${extension}” is neither .csv nor .parquet` });
}

/** NULL where the text is no such value. */
function valueExpression(column: string, type: ColumnType): string {
  switch (rawKind(type)) {
    case 'string':
      return `coalesce(CAST(${column} AS VARCHAR), '')`;
    case 'float64':
      return `epoch(TRY_CAST(${column} AS TIMESTAMP)) / 86400`;
    case 'float32':
      return type === 'boolean' ? `CAST(TRY_CAST(${column} AS BOOLEAN) AS DOUBLE)` : `TRY_CAST(${column} AS DOUBLE)`;
    case 'uint8':
      return column;
  }
}

async function feedsOf(
  chunk: DuckDBDataChunk,
  inputs: readonly ModelInput[],
  columns: ReadonlyMap<string, number>,
  file: string,
  rowsBefore: number,
): Promise<Record<string, TensorLike>> {
  const rows = chunk.rowCount;
  const sizes = imageInputs(inputs);
  const feeds: Record<string, TensorLike> = {};
  for (const { name, type } of inputs) {
    const at = columns.get(name);
    const values = at === undefined ? null : chunk.getColumnValues(at);
    let texts: readonly unknown[] | null = null;
    const textAt = (row: number): string => String((texts ??= chunk.getColumnValues(at! + 1))[row]);
    const badCell = (row: number): never => {
      const value = textAt(row).slice(0, 80);
      throw new ModelkeepError('MK_PREDICT_CELL', { file, row: rowsBefore + row + 1, column: name, value, expected: type });
    };
    const numberAt = (row: number): number => {
      if (values === null) return NaN;
      const value = values[row];
      if (typeof value === 'number') return value;
      return textAt(row).trim() === '' ? NaN : badCell(row);
    };
    const dims = [rows, 1];
    switch (rawKind(type)) {
      case 'float32':
        feeds[name] = { type: 'float32', data: Float32Array.from({ length: rows }, (_, row) => numberAt(row)), dims };
        break;
      case 'float64':
        feeds[name] = { type: 'float64', data: Float64Array.from({ length: rows }, (_, row) => numberAt(row)), dims };
        break;
      case 'string':
        feeds[name] = { type: 'string', data: values ? (values as string[]) : Array.from({ length: rows }, () => ''), dims };
        break;
      case 'uint8': {
        const size = sizes.get(name)!;
        const pixels = size.width * size.height * size.channels;
        const data = new Uint8Array(rows * pixels);
        for (let row = 0; row < rows; row++) {
          const cell = values![row];
          const image = cell instanceof DuckDBBlobValue ? await decodeImage(cell.bytes, size) : null;
          data.set(image ?? badCell(row), row * pixels);
        }
        feeds[name] = { type: 'uint8', data, dims: [rows, size.height, size.width, size.channels] };
      }
    }
  }
  return feeds;
}

export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? text).slice(0, 200);
}
