// A finished model over a file that someone has: one answer a row, in the order of the file.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ModelSignature } from '../../../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { describeDiskError } from '../../../../platform/files.ts';
import { conformalOutputs } from '../../exportModel.ts';
import { openDuck, quoteText } from '../table/duck.ts';
import { datasetRows } from '../table/history.ts';
import type { ModelAnswers } from './modelAnswers.ts';
import { ModelSession } from './modelSession.ts';
import { firstLine, rowsOfFile } from '../table/rowsOfFile.ts';

export interface PredictOrder {
  modelFile: string;
  /** .csv, .tsv, .txt (UTF-8, header) or .parquet. */
  input: string;
  /** .csv or .parquet; replaced whole at the end. */
  output: string;
  /** Parquet of earlier rows, for a model that looks at them. */
  earlier?: string | null;
}

export interface PredictedFile {
  rows: number;
  /** Answered although nothing earlier is known of them; null of a model that does not look at earlier rows. */
  withoutHistory: number | null;
}

/**
 * Writes `prediction` and, for classes, `probability_<class>`, then what the model promises to hold the truth (`lower` and `upper`; for classes
 * `set`, class names as a JSON array), for every row of `input`; nothing is left behind on an error.
 * Of a model that looks at earlier rows, a row's past is looked up in the file itself and in `earlier`; what is predicted may be empty there.
 * Errors: MK_FEATURES_HISTORY_DUPLICATE, MK_MODEL_UNREADABLE, MK_PREDICT_FILE, MK_PREDICT_COLUMN_MISSING, MK_PREDICT_CELL, MK_PREDICT_OUTPUT, MK_DISK_FULL.
 */
export async function predictFile(order: PredictOrder, pause: (rows: number) => Promise<void>): Promise<PredictedFile> {
  const extension = extname(order.output).toLowerCase();
  if (extension !== '.csv' && extension !== '.parquet')
    throw new ModelkeepError('MK_PREDICT_OUTPUT', { file: order.output, reason: `“${extension}” is neither .csv nor .parquet` });
  const model = await ModelSession.open(await readFile(order.modelFile));
  const temporary = `${order.output}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    using duck = await openDuck();
    const written = await writeAnswers(model, duck.connection, order, temporary, pause);
    if (extension === '.parquet') await toParquet(duck.connection, model, temporary);
    await rename(temporary, order.output).catch((error: unknown) => {
      throw outputError(order.output, error);
    });
    return written;
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
  { input, output, earlier }: PredictOrder,
  temporary: string,
  pause: (rows: number) => Promise<void>,
): Promise<PredictedFile> {
  const { signature } = model;
  const { parts, withoutHistory } = await rowsOfFile(connection, input, signature.inputs, earlier ? datasetRows(earlier) : null);
  const file = await open(temporary, 'wx').catch((error: unknown) => {
    throw outputError(output, error);
  });
  let rows = 0;
  try {
    await file.write(`${headerOf(signature).map(csvCell).join(',')}\n`);
    for await (const part of parts) {
      const answers = await model.answerAll(part.feeds, part.rows);
      await file.write(linesOf(answers, signature.classes));
      rows += part.rows;
      await pause(rows);
    }
    await file.sync();
  } catch (error) {
    throw await describeDiskError(error, output);
  } finally {
    await file.close();
  }
  return { rows, withoutHistory };
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
