import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import type { ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { byteOrderMark, detectEncoding } from '../detect/encoding.ts';
import type { ReadContext } from './context.ts';
import type { FolderFile } from './folderFiles.ts';
import { FolderTable } from './folderTable.ts';
import type { ReadTable } from './readTable.ts';
import { iconvNames } from './transcode.ts';

const fileLimitBytes = 8 * 1024 * 1024;

/** A folder of texts: one row each, with class and text. The encoding is found file by file, unless one is chosen for all.
 *  Errors: MK_DATA_NUL_BYTES, MK_DATA_ENCODING, MK_DATA_TOO_LONG, MK_JOB_CANCELLED. */
export async function readTexts(context: ReadContext, files: readonly FolderFile[], options: ImportOptions): Promise<ReadTable> {
  const classes = files.some((file) => file.class !== null);
  const table = new FolderTable(context, [
    { name: 'path', type: 'VARCHAR' },
    ...(classes ? [{ name: 'class', type: 'VARCHAR' } as const] : []),
    { name: 'text', type: 'VARCHAR' },
  ]);
  const found = new Map<string, number>();
  const setAside: string[] = [];
  let rows = 0;
  for (const [index, file] of files.entries()) {
    if (context.signal.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
    try {
      const { text, encoding } = await readText(file.file, file.path, options);
      found.set(encoding, (found.get(encoding) ?? 0) + 1);
      await table.append([file.path, ...(classes ? [file.class] : []), text]);
      rows++;
    } catch (error) {
      if (options.brokenRows !== 'setAside' || (error as Error).name !== 'ModelkeepError') throw error;
      setAside.push(file.path);
    }
    if (index % 50 === 0) context.progress(index / files.length, 'reading');
  }
  if (rows === 0)
    throw new ModelkeepError('MK_DATA_ALL_ROWS_BROKEN', { file: files[0]?.path ?? '', count: setAside.length, kept: 0, row: 1, text: '' });
  const target = join(context.tmp, 'table.parquet');
  await table.finish(target);
  const encodings = [...found].map(([encoding, count]) => `${encoding} ${count}`).join(', ');
  return {
    file: target,
    rows,
    columns: [
      { name: 'path', type: 'identifier', chosen: true },
      ...(classes ? [{ name: 'class', type: 'category', chosen: true } as const] : []),
      { name: 'text', type: 'text', chosen: true },
    ],
    warnings: [
      ...(found.size > 1 ? [{ code: 'encodingsDiffer', params: { encodings } }] : []),
      ...(setAside.length > 0
        ? [{ code: 'textsSetAside', params: { count: setAside.length, files: setAside.slice(0, 5).join(', ') } }]
        : []),
    ],
    rowsSetAside: setAside.length,
  };
}

async function readText(file: string, path: string, options: ImportOptions): Promise<{ text: string; encoding: string }> {
  const { size } = await stat(file);
  if (size > fileLimitBytes) throw new ModelkeepError('MK_DATA_TOO_LONG', { file: path, row: 1, limit: '8 MB' });
  const bytes = await readFile(file);
  const detected = detectEncoding(bytes);
  const encoding = options.encoding ?? detected.encoding;
  const mark = byteOrderMark(bytes);
  const decoded = iconv.decode(bytes.subarray(mark?.encoding === encoding ? mark.bomBytes : 0), iconvNames[encoding]);
  const row = (at: number): number => decoded.slice(0, at).split('\n').length;
  const nul = decoded.indexOf('\0');
  if (nul >= 0) throw new ModelkeepError('MK_DATA_NUL_BYTES', { file: path, row: row(nul) });
  const wrong = decoded.indexOf('\ufffd');
  if (wrong >= 0 || (!options.encoding && detected.confidence < 0.35)) {
    throw new ModelkeepError('MK_DATA_ENCODING', { file: path, row: row(Math.max(0, wrong)), encoding });
  }
  return { text: decoded.replace(/\r\n?/g, '\n'), encoding };
}
