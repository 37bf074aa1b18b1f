// One place that decides what the given files are and which reader takes them.
import { extname, resolve } from 'node:path';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { fileKind, refuse, type TableFormat } from '../detect/fileKind.ts';
import { namedLikeExcel, refuseOldExcel } from './excel.ts';
import { isFolder, listFiles, listFolder, type FolderFile } from './folderFiles.ts';

export type Input =
  | { kind: 'table'; format: TableFormat; files: string[] }
  | { kind: 'images'; format: 'images'; files: FolderFile[] }
  | { kind: 'texts'; format: 'texts'; files: FolderFile[] };

const formatsOfExtension: Record<string, readonly TableFormat[]> = {
  '.csv': ['csv'],
  '.tsv': ['csv'],
  '.tab': ['csv'],
  '.parquet': ['parquet'],
  '.pq': ['parquet'],
  '.json': ['json', 'jsonl'],
  '.jsonl': ['jsonl', 'json'],
  '.ndjson': ['jsonl', 'json'],
  '.xlsx': ['excel'],
  '.xlsm': ['excel'],
};

const formatNames: Record<TableFormat, string> = {
  csv: 'delimited text',
  parquet: 'Parquet',
  json: 'JSON',
  jsonl: 'JSON lines',
  excel: 'an Excel workbook',
};

/** Errors: MK_DATA_FILE_NOT_FOUND, MK_DATA_FILE_EMPTY, MK_DATA_KIND_MISMATCH, MK_DATA_UNSUPPORTED, MK_DATA_FILES_DIFFER, MK_DATA_NO_FILES. */
export async function openInput(files: readonly string[], options: ImportOptions): Promise<Input> {
  const [first] = files;
  if (files.length === 1 && (await isFolder(first!))) {
    const { kind, files: found } = await listFolder(first!);
    return kind === 'images' ? { kind, format: 'images', files: found } : { kind, format: 'texts', files: found };
  }
  if (options.format === 'texts') return { kind: 'texts', format: 'texts', files: listFiles(files) };
  let format: TableFormat | 'image' | null = null;
  for (const file of files) {
    const found = await formatOf(file, options);
    if (format && found !== format) {
      const name = (value: TableFormat | 'image'): string => (value === 'image' ? 'an image' : formatNames[value]);
      throw new ModelkeepError('MK_DATA_FILES_DIFFER', { file, found: name(found), expected: name(format) });
    }
    format = found;
  }
  if (format === 'image') return { kind: 'images', format: 'images', files: listFiles(files) };
  if (format === 'excel' && files.length > 1) {
    throw new ModelkeepError('MK_DATA_FILES_DIFFER', { file: files[1]!, found: 'a second workbook', expected: 'one workbook at a time' });
  }
  return { kind: 'table', format: format!, files: files.map((file) => resolve(file)) };
}

/** Content decides. A name that promises another format is a mistake worth stopping at, unless the format was chosen. */
async function formatOf(file: string, options: ImportOptions): Promise<TableFormat | 'image'> {
  const kind = await fileKind(file);
  if (kind.format === 'image') return 'image';
  if (kind.format === 'other') {
    if (namedLikeExcel(file) && kind.name.includes('Office file')) return refuseOldExcel(file);
    if (namedLikeExcel(file) && kind.name.includes('ZIP'))
      throw new ModelkeepError('MK_DATA_EXCEL_BROKEN', { file, reason: `it is ${kind.name}` });
    return refuse(file, kind.name);
  }
  const chosen = options.format;
  if (chosen && chosen !== 'images' && chosen !== 'texts') {
    const text = ['csv', 'json', 'jsonl'];
    if (chosen === kind.format || (text.includes(chosen) && text.includes(kind.format))) return chosen;
    throw new ModelkeepError('MK_DATA_KIND_MISMATCH', { file, expected: formatNames[chosen], found: formatNames[kind.format] });
  }
  const promised = formatsOfExtension[extname(file).toLowerCase()];
  if (!promised) return kind.format;
  if (promised.includes(kind.format)) return kind.format;
  // A JSON file that starts in an unusual way, or is broken from its first byte: JSON's own reader says what is wrong.
  if (kind.format === 'csv' && (promised[0] === 'json' || promised[0] === 'jsonl')) return promised[0];
  throw new ModelkeepError('MK_DATA_KIND_MISMATCH', { file, expected: formatNames[promised[0]!], found: formatNames[kind.format] });
}
