// A finished model over a file that someone has: one answer a row, in the order of the file.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { DuckDBBlobValue, type DuckDBConnection, type DuckDBDataChunk } from '@duckdb/node-api';
import type { ModelInput, ModelSignature } from '../../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { describeDiskError } from '../../../platform/files.ts';
import { conformalOutputs } from '../exportModel.ts';
import { decodeImage, type TensorLike } from '../../3-features/api.ts';
import { openDuck, quoteName, quoteText } from './duck.ts';
import type { ModelAnswers } from './modelAnswers.ts';
import { ModelSession } from './modelSession.ts';
import { imageInputs, inputColumns } from './scoreRows.ts';
import { rawKind } from './readTable.ts';

export interface PredictOrder {
  modelFile: string;
  /** .csv, .tsv, .txt (UTF-8, header) or .parquet. */
  input: string;
  /** .csv or .parquet; replaced whole at the end. */
  output: string;
}

/**
 * Writes `prediction` and, for classes, `probability_<class>`, then what the model promises to hold the truth (`lower` and `upper`; for classes
 * `set`, class names as a JSON array), for every row of `input`; nothing is left behind on an error.
 * Errors: MK_MODEL_UNREADABLE, MK_PREDICT_FILE, MK_PREDICT_COLUMN_MISSING, MK_PREDICT_CELL, MK_PREDICT_OUTPUT, MK_DISK_FULL.
 */
export async function predictFile(order: PredictOrder, pause: (rows: number) => Promise<void>): Promise<{ rows: number }> {
  const extension = extname(order.output).toLowerCase();
  if (extension !== '.csv' && extension !== '.parquet')
    throw new ModelkeepError('MK_PREDICT_OUTPUT', { file: order.output, reason: `“${extension}” is neither .csv nor .parquet` });
  const model = await ModelSession.open(await readFile(order.modelFile));
  const temporary = `${order.output}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    using duck = await openDuck();
    const rows = await writeAnswers(model, duck.connection, order, temporary, pause);
    if (extension === '.parquet') await toParquet(duck.connection, model, temporary);
    await rename(temporary, order.output).catch((error: unknown) => {
      throw outputError(order.output, error);
    });
    return { rows };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  } finally {
    await model.release();
  }
}

async function writeAnswers(
  model: ModelSession,
  connection: DuckDBConnection,
  { input, output }: PredictOrder,
  temporary: string,
  pause: (rows: number) => Promise<void>,
): Promise<number> {
  const { signature } = model;
  const source = await openSource(connection, input, signature.inputs);
  const file = await open(temporary, 'wx').catch((error: unknown) => {
    throw outputError(output, error);
  });
  let rows = 0;
  try {
    await file.write(`${headerOf(signature).map(csvCell).join(',')}\n`);
    for (let chunk = await source.next(); chunk; chunk = await source.next()) {
      const feeds = await feedsOf(chunk, signature.inputs, source.columns, basename(input), rows);
      const answers = await model.answerAll(feeds, chunk.rowCount);
      await file.write(linesOf(answers, signature.classes));
      rows += chunk.rowCount;
      await pause(rows);
    }
    await file.sync();
  } catch (error) {
    throw await describeDiskError(error, output);
  } finally {
    await file.close();
  }
  return rows;
}

interface Source {
  /** Position in the result of each model input that the file has: its value, and after it the text it came from. */
  columns: ReadonlyMap<string, number>;
  next(): Promise<DuckDBDataChunk | null>;
}

/** Values are cast by the engine, which also gives the cell's text: a cast that fails on text is an error of the cell. */
async function openSource(connection: DuckDBConnection, input: string, inputs: readonly ModelInput[]): Promise<Source> {
  const relation = relationOf(input);
  const readable = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (isModelkeepError(error)) throw error;
      throw new ModelkeepError('MK_PREDICT_FILE', { file: basename(input), reason: firstLine(error) }, { cause: error });
    }
  };
  const described = await readable(async () => (await connection.run(`DESCRIBE SELECT * FROM ${relation}`)).getRowObjectsJS());
  const inFile = described.map((row) => ({ name: String(row['column_name']), type: 'text' as const }));
  const used = inputColumns(inputs, inFile, basename(input));
  const fields = used.flatMap(({ name, type }) => {
    const column = quoteName(name);
    return [valueExpression(column, type), rawKind(type) === 'uint8' ? `''` : `coalesce(CAST(${column} AS VARCHAR), '')`];
  });
  const select = `SELECT ${fields.map((field, at) => `${field} AS c${at}`).join(', ') || '1'} FROM ${relation}`;
  const result = await readable(() => connection.stream(select));
  return {
    columns: new Map(used.map(({ name }, at) => [name, at * 2])),
    next: () =>
      readable(async () => {
        const chunk = await result.fetchChunk();
        return chunk && chunk.rowCount > 0 ? chunk : null;
      }),
  };
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

function headerOf({ classes, outputs }: ModelSignature): string[] {
  const conformal = outputs.map(({ name }) => name).filter((name) => conformalOutputs.includes(name));
  return ['prediction', ...classes.map((name) => `probability_${name}`), ...conformal];
}

function linesOf({ prediction, probabilities, lower, upper, set }: ModelAnswers, classes: readonly string[]): string {
  const lines: string[] = [];
  for (let row = 0; row < prediction.length; row++) {
    const answer = prediction[row]!;
    const cells = [typeof answer === 'string' ? csvCell(answer) : float32Text(answer)];
    for (let each = 0; probabilities && each < classes.length; each++) cells.push(float32Text(probabilities[row * classes.length + each]!));
    if (lower && upper) cells.push(float32Text(lower[row]!), float32Text(upper[row]!));
    if (set) cells.push(csvCell(JSON.stringify(classes.filter((_, each) => set[row * classes.length + each] === 1))));
    lines.push(cells.join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Nine digits name a float32 exactly. */
function float32Text(value: number): string {
  return String(Number(value.toPrecision(9)));
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function toParquet(connection: DuckDBConnection, model: ModelSession, temporary: string): Promise<void> {
  const { signature } = model;
  const isText = (name: string, at: number): boolean => signature.task !== 'regression' && (at === 0 || name === 'set');
  const types = headerOf(signature).map((name, at) => `${quoteText(name)}: ${quoteText(isText(name, at) ? 'VARCHAR' : 'FLOAT')}`);
  const parquet = `${temporary}.parquet`;
  try {
    const source = `read_csv(${quoteText(temporary)}, header = true, delim = ',', quote = '"', columns = {${types.join(', ')}})`;
    await connection.run(`COPY (SELECT * FROM ${source}) TO ${quoteText(parquet)} (FORMAT parquet)`);
    await rename(parquet, temporary);
  } finally {
    await rm(parquet, { force: true }).catch(() => {});
  }
}

function outputError(file: string, error: unknown): ModelkeepError {
  return new ModelkeepError(
    'MK_PREDICT_OUTPUT',
    { file, reason: (error as NodeJS.ErrnoException).code ?? firstLine(error) },
    { cause: error },
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? text).slice(0, 200);
}
