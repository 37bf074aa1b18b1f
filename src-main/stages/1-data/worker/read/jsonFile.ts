// JSON: one array of objects, one object, or one object a line. Objects inside become columns (`customer.name`), one level deep.
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Reason } from '../detect/dialect.ts';
import { byteOrderMark, detectEncoding } from '../detect/encoding.ts';
import { fileSize, readPart } from '../detect/fileKind.ts';
import { engineErrorReason } from '../engine.ts';
import { quoteList } from '../sql.ts';
import { enginePath, type ReadContext } from './context.ts';
import type { ReadTable } from './readTable.ts';
import { transcode } from './transcode.ts';
import { typedColumns } from './typedColumns.ts';
import { writeTyped } from './typedTable.ts';

/** The engine holds one value in memory at a time; larger ones are a nesting fault. */
const objectLimitBytes = 64 * 1024 * 1024;
const rejectLimit = 100_000;

/** `headOnly` reads the first rows only (JSON lines) or up to 64 MiB (an array).
 *  Errors: MK_DATA_JSON_BROKEN, MK_DATA_NO_ROWS, MK_DATA_ENCODING and those of `writeTyped`. */
export async function readJson(
  context: ReadContext,
  files: readonly string[],
  format: 'json' | 'jsonl',
  options: ImportOptions,
  { headOnly = false } = {},
): Promise<ReadTable> {
  const warnings: Reason[] = [];
  const paths: string[] = [];
  let setAside = 0;
  for (const [index, file] of files.entries()) {
    let path = await asUtf8(context, file, index, options);
    if (format === 'jsonl') {
      const checked = await checkLines(
        path,
        file,
        join(context.tmp, `lines-${index}.jsonl`),
        options.brokenRows === 'setAside',
        headOnly ? 2000 : Infinity,
      );
      path = checked.path;
      setAside += checked.setAside.length;
      if (checked.setAside.length > 0) {
        const rows = checked.setAside.slice(0, 5).join(', ') + (checked.setAside.length > 5 ? ' …' : '');
        warnings.push({ code: 'brokenRowsSetAside', params: { file, count: checked.setAside.length, rows, text: '' } });
      }
    } else await checkArray(path, file);
    paths.push(path);
  }
  const relation = `read_json(${quoteList(paths.map(enginePath))}, format = '${format === 'json' ? 'auto' : 'newline_delimited'}', records = true,
    sample_size = -1, maximum_object_size = ${objectLimitBytes}, maximum_depth = 2, union_by_name = true, ignore_errors = false)`;
  try {
    const { columns, warnings: typed } = await typedColumns(context.engine, relation, files[0]!, options);
    const table = await writeTyped(
      context,
      relation,
      { file: files[0]!, columns, warnings: [...warnings, ...typed], rowOf: (position) => position + 1 },
      options,
    );
    return { ...table, rowsSetAside: table.rowsSetAside + setAside };
  } catch (error) {
    if (isModelkeepError(error) || context.signal.aborted) throw error;
    throw new ModelkeepError('MK_DATA_JSON_BROKEN', { file: files[0]!, row: 1, reason: engineErrorReason(error) }, { cause: error });
  }
}

async function asUtf8(context: ReadContext, file: string, index: number, options: ImportOptions): Promise<string> {
  const sizeBytes = await fileSize(file);
  if (sizeBytes === 0) throw new ModelkeepError('MK_DATA_FILE_EMPTY', { file });
  const head = await readPart(file, 0, Math.min(sizeBytes, 256 * 1024));
  const { encoding, bomBytes } = options.encoding
    ? { encoding: options.encoding, bomBytes: byteOrderMark(head)?.bomBytes ?? 0 }
    : detectEncoding(head);
  if (encoding === 'utf-8' && bomBytes === 0) return file;
  const path = join(context.tmp, `json-${index}`);
  await transcode(file, path, encoding, { bomBytes, signal: context.signal, sizeBytes });
  return path;
}

/** Each line alone, so that an error can name its line; broken ones are refused or left out of a copy. */
async function checkLines(
  path: string,
  file: string,
  copy: string,
  setAside: boolean,
  limit: number,
): Promise<{ path: string; setAside: number[] }> {
  const broken: number[] = [];
  let row = 0;
  let kept = 0;
  const out = setAside || limit !== Infinity ? createWriteStream(copy) : null;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    row++;
    if (line.trim() === '') continue;
    const problem = problemOf(line);
    if (problem === null) {
      kept++;
      if (out && !out.write(`${line}\n`)) await new Promise<void>((resolve) => void out.once('drain', resolve));
      if (kept >= limit) break;
    } else if (!setAside) {
      out?.destroy();
      throw new ModelkeepError('MK_DATA_JSON_BROKEN', { file, row, reason: problem });
    } else broken.push(row);
    if (broken.length >= rejectLimit) break;
  }
  if (out) await new Promise<void>((resolve, reject) => void out.on('error', reject).end(resolve));
  if (kept === 0 && broken.length === 0) throw new ModelkeepError('MK_DATA_NO_ROWS', { file });
  if (kept === 0 || broken.length >= rejectLimit) {
    throw new ModelkeepError('MK_DATA_ALL_ROWS_BROKEN', { file, count: broken.length, kept, row: broken[0]!, text: '' });
  }
  return { path: out ? copy : path, setAside: broken };
}

function problemOf(line: string): string | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'not an object';
  } catch (error) {
    return (error as Error).message.slice(0, 200);
  }
}

/** Small arrays are parsed here for a message with a place; large ones are the engine's. */
async function checkArray(path: string, file: string): Promise<void> {
  if ((await fileSize(path)) > objectLimitBytes) return;
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const at = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? text.length);
    throw new ModelkeepError(
      'MK_DATA_JSON_BROKEN',
      { file, row: text.slice(0, at).split('\n').length, reason: (error as Error).message.slice(0, 200) },
      { cause: error },
    );
  }
  const records = Array.isArray(value) ? value : [value];
  if (records.length === 0) throw new ModelkeepError('MK_DATA_NO_ROWS', { file });
  const wrong = records.findIndex((record) => typeof record !== 'object' || record === null || Array.isArray(record));
  if (wrong >= 0)
    throw new ModelkeepError('MK_DATA_JSON_BROKEN', { file, row: wrong + 1, reason: 'the list holds values that are not objects' });
  if (records.every((record) => Object.keys(record as object).length === 0)) throw new ModelkeepError('MK_DATA_NO_ROWS', { file });
}
