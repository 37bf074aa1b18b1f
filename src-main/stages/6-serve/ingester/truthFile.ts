// A file of real outcomes: CSV with the columns request_id, row, truth, or JSON lines with the same keys.
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'csv-parse';
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { TruthRow } from './truth.ts';

const maxRows = 100_000;
const maxLineBytes = 1_000_000;

/** Errors: MK_NOT_FOUND, MK_MONITOR_TRUTH_FILE with file and line. */
export async function readTruthFile(path: string): Promise<TruthRow[]> {
  const file = basename(path);
  const fail = (row: number, problem: string): ModelkeepError => new ModelkeepError('MK_MONITOR_TRUTH_FILE', { file, row, problem });
  let handle: FileHandle | null = null;
  try {
    handle = await open(path);
    return /\.(jsonl|ndjson|json)$/i.test(path) ? await readJsonLines(handle, fail) : await readCsv(handle, fail);
  } catch (error) {
    if (isModelkeepError(error)) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EISDIR') throw new ModelkeepError('MK_NOT_FOUND', { what: 'file', name: path }, { cause: error });
    throw fail((error as { lines?: number }).lines ?? 1, code ?? 'it cannot be read');
  } finally {
    await handle?.close();
  }
}

type Fail = (row: number, problem: string) => ModelkeepError;

async function readCsv(file: FileHandle, fail: Fail): Promise<TruthRow[]> {
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: maxLineBytes,
    relax_column_count: true,
    info: true,
  });
  file
    .createReadStream({ autoClose: false })
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  const rows: TruthRow[] = [];
  let header: string[] | null = null;
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
    if (header === null) {
      header = record.map((name) => name.toLowerCase());
      for (const name of ['request_id', 'truth']) if (!header.includes(name)) throw fail(1, `there is no column “${name}”`);
      continue;
    }
    const cell = (name: string): string | undefined => record[header!.indexOf(name)];
    if (record.length !== header.length) throw fail(info.lines, `${record.length} values where the header has ${header.length}`);
    rows.push(rowOf({ request_id: cell('request_id'), row: cell('row') || 0, truth: cell('truth') }, info.lines, rows.length, fail));
  }
  if (header === null) throw fail(1, 'it is empty');
  return rows;
}

async function readJsonLines(file: FileHandle, fail: Fail): Promise<TruthRow[]> {
  const rows: TruthRow[] = [];
  let line = 0;
  for await (const text of file.readLines({ autoClose: false })) {
    line++;
    if (text.trim() === '') continue;
    if (text.length > maxLineBytes) throw fail(line, 'the line is too long');
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(text.replace(/^\ufeff/, '')) as Record<string, unknown>;
    } catch {
      throw fail(line, 'it is not JSON');
    }
    if (typeof value !== 'object' || value === null) throw fail(line, 'it is not an object');
    rows.push(rowOf(value, line, rows.length, fail));
  }
  if (rows.length === 0) throw fail(1, 'it is empty');
  return rows;
}

function rowOf(value: Record<string, unknown>, line: number, count: number, fail: Fail): TruthRow {
  if (count >= maxRows) throw fail(line, `more than ${maxRows} rows; split the file`);
  const requestId = value['request_id'];
  const row = Number(value['row'] ?? 0);
  const { truth } = value as { truth?: unknown };
  if (typeof requestId !== 'string' || requestId === '') throw fail(line, 'request_id is missing');
  if (!Number.isInteger(row) || row < 0) throw fail(line, 'row is not a number from 0 on');
  const known = typeof truth === 'boolean' ? String(truth) : truth;
  if ((typeof known !== 'string' && typeof known !== 'number') || known === '') throw fail(line, 'truth is missing');
  return { requestId, row, truth: known };
}
