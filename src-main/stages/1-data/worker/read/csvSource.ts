// Opens delimited text: encoding, dialect, names of the columns, and a UTF-8 file that the engine can read.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { checkColumnCount, nameColumns } from '../detect/columnNames.ts';
import { detectDialect, type DetectedDialect, type Dialect, type Reason } from '../detect/dialect.ts';
import { byteOrderMark, detectEncoding, type DetectedEncoding } from '../detect/encoding.ts';
import { fileSize, readPart } from '../detect/fileKind.ts';
import { splitRecords } from '../detect/records.ts';
import { rowOfByte, scanText } from '../detect/scanText.ts';
import type { ReadContext } from './context.ts';
import { iconvNames, transcode } from './transcode.ts';

export interface CsvPart {
  /** As the person gave it, for messages. */
  file: string;
  /** UTF-8 text that the engine reads. */
  path: string;
  dialect: Dialect;
}

export interface CsvSource {
  parts: CsvPart[];
  names: string[];
  encoding: DetectedEncoding;
  dialect: DetectedDialect;
  warnings: Reason[];
  reasons: Reason[];
  sizeBytes: number;
  /** Bytes of UTF-8 text in `parts`. */
  textBytes: number;
  /** False when only the head was opened. */
  whole: boolean;
}

/** Enough for 400 rows of 2,000 columns. */
const headBytes = 8 * 1024 * 1024;
const sampleBytes = 256 * 1024;
/** Bytes that look like no known writing: asking beats guessing. */
const unreadableBelow = 0.35;
/** A line beyond this is a missing line end or an unclosed quote, not data. */
export const lineLimitBytes = 8 * 1024 * 1024;

/** With `headOnly` just the first 8 MiB are looked at (a preview). All files must have the columns of the first.
 *  Errors: MK_DATA_FILE_EMPTY, MK_DATA_NUL_BYTES, MK_DATA_ENCODING, MK_DATA_TOO_LONG, MK_DATA_FILES_DIFFER and those of the names. */
export async function openCsv(
  context: ReadContext,
  files: readonly string[],
  options: ImportOptions,
  { headOnly = false, names: givenNames }: { headOnly?: boolean; names?: readonly string[] } = {},
): Promise<CsvSource> {
  let source: CsvSource | null = null;
  for (const [index, file] of files.entries()) {
    const opened = await openOne(context, file, options, { headOnly, index, like: source, ...(givenNames ? { givenNames } : {}) });
    if (!source) {
      source = opened;
      continue;
    }
    if (opened.names.length !== source.names.length || opened.names.some((name, column) => name !== source!.names[column])) {
      const differing = opened.names.find((name, column) => name !== source!.names[column]) ?? '';
      const [found, expected] =
        opened.names.length !== source.names.length
          ? [`${opened.names.length} columns`, `${source.names.length}`]
          : [`column “${differing}”`, `“${source.names[opened.names.indexOf(differing)]}”`];
      throw new ModelkeepError('MK_DATA_FILES_DIFFER', { file, found, expected });
    }
    source.parts.push(...opened.parts);
    source.sizeBytes += opened.sizeBytes;
    source.textBytes += opened.textBytes;
    source.warnings.push(...opened.warnings);
    if (headOnly) break;
  }
  return source!;
}

interface OpenOptions {
  headOnly: boolean;
  index: number;
  like: CsvSource | null;
  givenNames?: readonly string[];
}

async function openOne(context: ReadContext, file: string, options: ImportOptions, open: OpenOptions): Promise<CsvSource> {
  const sizeBytes = await fileSize(file);
  if (sizeBytes === 0) throw new ModelkeepError('MK_DATA_FILE_EMPTY', { file });
  const encoding = await encodingOf(context, file, sizeBytes, options, open.headOnly);
  const head = await readPart(file, 0, Math.min(sizeBytes, headBytes));
  const text = decodeHead(head, encoding, head.length === sizeBytes);
  if (text.trim() === '') throw new ModelkeepError('MK_DATA_FILE_EMPTY', { file });
  const headIsWhole = head.length === sizeBytes;

  // The first record may be wider than the sample: count its fields before a dialect is tried on it.
  const sample = text.length > sampleBytes ? text.slice(0, Math.max(sampleBytes, text.indexOf('\n', sampleBytes) + 1)) : text;
  if (/[^\r\n]{400000}/.test(sample)) checkColumnCount(file, widest(sample));
  const like = open.like?.dialect;
  const dialect = detectDialect(
    sample,
    {
      ...(options.delimiter !== undefined ? { delimiter: options.delimiter } : like ? { delimiter: like.delimiter } : {}),
      ...(options.quote !== undefined ? { quote: options.quote } : like ? { quote: like.quote } : {}),
      ...(options.header !== undefined ? { header: options.header } : like ? { header: like.header } : {}),
    },
    sample.length === text.length && headIsWhole,
  );
  const { names, warnings } = nameColumns(
    file,
    open.givenNames ?? dialect.headerCells,
    Math.max(1, dialect.fields),
    options.duplicateColumns ?? 'reject',
    firstFieldNamesRows(dialect),
  );
  // A fault in the sample alone: a header without rows.
  if (headIsWhole && dialect.header && dialect.records.length <= 1 && sample.length === text.length) {
    const { records } = splitRecords(sample.slice(skipped(sample, dialect.skipLines)), dialect, { limit: 2, whole: true });
    if (records.length <= 1) throw new ModelkeepError('MK_DATA_NO_ROWS', { file });
  }

  const path = await utf8File(context, file, sizeBytes, encoding, text, headIsWhole, dialect, open);
  return {
    parts: [{ file, path: path.path, dialect }],
    names,
    encoding,
    dialect,
    warnings,
    reasons: [{ code: `encoding:${encoding.reason}`, params: { encoding: encoding.encoding } }, ...dialect.reasons],
    sizeBytes,
    textBytes: path.bytes,
    whole: headIsWhole || !open.headOnly,
  };
}

/** R writes a header without a cell for the row names, which all differ. */
function firstFieldNamesRows({ records, header }: DetectedDialect): boolean {
  const first = records.slice(header ? 1 : 0).map((record) => record[0]);
  return first.length > 1 && new Set(first).size === first.length;
}

/** A choice by a person stands; then the mark; then what all bytes allow. Only a preview looks at less than the whole file. */
async function encodingOf(
  context: ReadContext,
  file: string,
  sizeBytes: number,
  options: ImportOptions,
  headOnly: boolean,
): Promise<DetectedEncoding> {
  const head = await readPart(file, 0, Math.min(sizeBytes, 512 * 1024));
  const marked = byteOrderMark(head);
  let detected = detectEncoding(head);
  if (options.encoding) {
    const bomBytes = marked?.encoding === options.encoding ? marked.bomBytes : 0;
    detected = {
      ...detected,
      encoding: options.encoding,
      bomBytes,
      confidence: options.encoding === detected.encoding ? detected.confidence : 1,
    };
  }
  if (detected.encoding === 'utf-16le' || detected.encoding === 'utf-16be') return detected;
  const scan = await scanText(file, sizeBytes, {
    limitBytes: headOnly ? headBytes : Infinity,
    lineLimitBytes,
    signal: context.signal,
    progress: (fraction) => context.progress(fraction * 0.04, 'reading'),
  });
  if (scan.nulAt !== null) throw new ModelkeepError('MK_DATA_NUL_BYTES', { file, row: await rowOfByte(file, scan.nulAt) });
  if (scan.longLineAt !== null) {
    // One endless first line may be a header: say what is wrong with it.
    if (scan.longLineAt === 0) checkColumnCount(file, widest((await readPart(file, 0, lineLimitBytes)).toString('latin1')));
    throw new ModelkeepError('MK_DATA_TOO_LONG', { file, row: await rowOfByte(file, scan.longLineAt), limit: '8 MB' });
  }
  if (scan.invalidUtf8At === null || (options.encoding && options.encoding !== 'utf-8')) return detected;
  if (detected.encoding !== 'utf-8' && detected.confidence >= unreadableBelow) return detected;
  if (options.encoding || marked) {
    throw new ModelkeepError('MK_DATA_ENCODING', { file, row: await rowOfByte(file, scan.invalidUtf8At), encoding: 'UTF-8' });
  }
  detected = detectEncoding(scan.foreign!); // ASCII at first, something else further down
  if (detected.confidence < unreadableBelow) {
    throw new ModelkeepError('MK_DATA_ENCODING', { file, row: await rowOfByte(file, scan.invalidUtf8At), encoding: 'UTF-8' });
  }
  return detected;
}

function decodeHead(head: Buffer, { encoding, bomBytes }: DetectedEncoding, whole: boolean): string {
  const text = iconv.decode(head.subarray(bomBytes), iconvNames[encoding], { stripBOM: true });
  // The cut may have left half a character.
  return whole ? text : text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1 || text.length);
}

async function utf8File(
  context: ReadContext,
  file: string,
  sizeBytes: number,
  encoding: DetectedEncoding,
  text: string,
  headIsWhole: boolean,
  dialect: Dialect,
  { headOnly, index }: OpenOptions,
): Promise<{ path: string; bytes: number }> {
  const path = join(context.tmp, `text-${index}.csv`);
  if (headOnly && !headIsWhole) {
    const { end } = splitRecords(text.slice(skipped(text, dialect.skipLines)), dialect, { limit: 10_000, end: true });
    const complete = text.slice(0, skipped(text, dialect.skipLines) + (end || text.length));
    await writeFile(path, complete);
    return { path, bytes: Buffer.byteLength(complete) };
  }
  if (encoding.encoding === 'utf-8') return { path: file, bytes: sizeBytes };
  await transcode(file, path, encoding.encoding, {
    bomBytes: encoding.bomBytes,
    signal: context.signal,
    sizeBytes,
    progress: (fraction) => context.progress(fraction * 0.1, 'reading'),
  });
  return { path, bytes: await fileSize(path) };
}

function skipped(text: string, lines: number): number {
  let at = 0;
  for (let line = 0; line < lines; line++) at = text.indexOf('\n', at) + 1;
  return at;
}

function widest(text: string): number {
  const first = text.split(/\r?\n/, 1)[0] ?? '';
  return Math.max(...[',', '\t', ';', '|'].map((delimiter) => first.split(delimiter).length));
}
