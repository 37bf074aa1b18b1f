// What a file is, by its content. The extension only decides what a mismatch is called.
import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileTypeFromBuffer } from 'file-type';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { zipEntryNames } from './zipEntries.ts';

export type TableFormat = 'csv' | 'parquet' | 'json' | 'jsonl' | 'excel';
export type FileKind = { format: TableFormat } | { format: 'image' } | { format: 'other'; name: string };

const headBytes = 65_536;

/** Reads at most `bytes` from `offset`. Errors: MK_DATA_FILE_NOT_FOUND, MK_DATA_FILE_UNREADABLE. */
export async function readPart(file: string, offset: number, bytes: number): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      let filled = 0;
      while (filled < bytes) {
        const { bytesRead } = await handle.read(buffer, filled, bytes - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw describeFileError(error, file);
  }
}

export function describeFileError(error: unknown, file: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new ModelkeepError('MK_DATA_FILE_NOT_FOUND', { file }, { cause: error });
  if (code) return new ModelkeepError('MK_DATA_FILE_UNREADABLE', { file, reason: code }, { cause: error });
  return error;
}

export async function fileSize(file: string): Promise<number> {
  const found = await stat(file).catch((error: unknown) => {
    throw describeFileError(error, file);
  });
  if (!found.isFile()) throw new ModelkeepError('MK_DATA_FILE_UNREADABLE', { file, reason: 'not a file' });
  return found.size;
}

/** Errors: MK_DATA_FILE_EMPTY and those of reading. */
export async function fileKind(file: string): Promise<FileKind> {
  if ((await fileSize(file)) === 0) throw new ModelkeepError('MK_DATA_FILE_EMPTY', { file });
  const head = await readPart(file, 0, headBytes);
  const ascii = (from: number, to: number): string => head.toString('latin1', from, to);
  if (ascii(0, 4) === 'PAR1') return { format: 'parquet' };
  if (ascii(0, 4) === 'PK\x03\x04' || ascii(0, 4) === 'PK\x05\x06') return zipKind(file);
  if (ascii(0, 4) === '\xd0\xcf\x11\xe0') return { format: 'other', name: 'an old or password-protected Office file (.xls)' };
  const known = await fileTypeFromBuffer(head);
  if (known?.mime.startsWith('image/') && known.ext !== ('svg' as string)) return { format: 'image' };
  // Text formats that file-type knows (XML, SVG, …) are looked at as text below, except those that can only be markup.
  if (known && !isText(head)) return { format: 'other', name: `a ${known.ext.toUpperCase()} file` };
  for (const [magic, name] of magics) if (ascii(0, magic.length) === magic) return { format: 'other', name };
  return { format: textFormat(head) };
}

/** Refuses what cannot be imported, in the words of the file's name where that is the surprise.
 *  Errors: MK_DATA_KIND_MISMATCH, MK_DATA_UNSUPPORTED. */
export function refuse(file: string, found: string): never {
  const promised = promisedFormats[extname(file).toLowerCase()];
  if (promised) throw new ModelkeepError('MK_DATA_KIND_MISMATCH', { file, expected: promised, found });
  throw new ModelkeepError('MK_DATA_UNSUPPORTED', { file, found });
}

const magics: readonly (readonly [string, string])[] = [
  ['ARROW1', 'an Arrow (Feather) file'],
  ['Obj\x01', 'an Avro file'],
  ['ORC', 'an ORC file'],
  ['SQLite format 3\0', 'a SQLite database'],
  ['\x80\x02', 'a Python pickle'],
  ['\x80\x03', 'a Python pickle'],
  ['\x80\x04', 'a Python pickle'],
  ['\x80\x05', 'a Python pickle'],
  ['%PDF-', 'a PDF file'],
  ['{\\rtf', 'an RTF document'],
];

const promisedFormats: Record<string, string> = {
  '.csv': 'CSV',
  '.tsv': 'TSV',
  '.txt': 'text',
  '.parquet': 'Parquet',
  '.json': 'JSON',
  '.jsonl': 'JSON lines',
  '.ndjson': 'JSON lines',
  '.xlsx': 'Excel',
  '.xls': 'Excel',
};

async function zipKind(file: string): Promise<FileKind> {
  const names = await zipEntryNames(file, 2000);
  if (!names) return { format: 'other', name: 'a damaged ZIP archive' };
  if (names.includes('xl/workbook.xml')) return { format: 'excel' };
  if (names.includes('xl/workbook.bin')) return { format: 'other', name: 'a binary Excel workbook (.xlsb)' };
  if (names.some((name) => name.startsWith('word/'))) return { format: 'other', name: 'a Word document' };
  if (names.some((name) => name.startsWith('ppt/'))) return { format: 'other', name: 'a PowerPoint file' };
  if (names.includes('content.xml')) return { format: 'other', name: 'an OpenDocument file' };
  return { format: 'other', name: 'a ZIP archive' };
}

/** JSON must open like JSON all the way through its first value; anything else that is text is taken for delimited text. */
function textFormat(head: Buffer): 'csv' | 'json' | 'jsonl' {
  const text = (head[0] === 0xef && head[1] === 0xbb ? head.subarray(3) : head).toString('utf8').trimStart();
  if (text.startsWith('[') && /^\[\s*(\{|\]|\[|"|-?\d|true|false|null)/.test(text) && looksLikeJson(text)) return 'json';
  if (!text.startsWith('{')) return 'csv';
  const [first = ''] = text.split('\n', 1);
  if (parses(first)) return 'jsonl';
  return /^\{\s*("|\})/.test(text) ? 'json' : 'csv';
}

/** `[1] first, second` is a CSV line, `[{"a": 1}]` is not. */
function looksLikeJson(text: string): boolean {
  if (/^\[\s*[{[]/.test(text)) return true;
  return parses(text.trimEnd());
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isText(head: Buffer): boolean {
  let control = 0;
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32)) control++;
  return control / head.length < 0.01;
}
