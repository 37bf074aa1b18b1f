// A version as a file for other programs: written beside its place, brought to the disk, then renamed into it.
import { randomBytes } from 'node:crypto';
import { copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName, quoteText } from '../sql.ts';

export interface ExportRequest {
  source: string;
  columns: Column[];
  format: 'csv' | 'parquet';
  /** Where the person wants it. */
  target: string;
  /** Folder of the job. */
  tmp: string;
}

/** Errors: MK_FILE_UNWRITABLE, MK_DISK_FULL. Images do not go into CSV; the column is left out. */
export async function exportTable(
  engine: Engine,
  { source, columns, format, target, tmp }: ExportRequest,
  watch: Watch = {},
): Promise<{ file: string; sizeBytes: number }> {
  const path = resolve(target);
  const finished = format === 'parquet' ? source : join(tmp, 'export.csv');
  if (format === 'csv') {
    const kept = columns.filter(({ type }) => type !== 'image');
    const select = kept.map((column) => `${csvSql(column)} AS ${quoteName(column.name)}`).join(', ');
    await engine.run(`COPY (SELECT ${select} FROM ${parquet(source)}) TO ${quoteText(finished)} (FORMAT csv, HEADER)`, watch);
  }
  const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}.modelkeep-export`);
  try {
    await copyFile(finished, beside);
    const handle = await open(beside, 'r+').catch(async () => {
      // A copy of a read-only blob is read-only too.
      const { chmod } = await import('node:fs/promises');
      await chmod(beside, 0o644);
      return open(beside, 'r+');
    });
    try {
      await handle.chmod(0o644);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
    return { file: path, sizeBytes: (await stat(path)).size };
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new ModelkeepError('MK_DISK_FULL', { needed: '?', free: '?' }, { cause: error });
    throw new ModelkeepError('MK_FILE_UNWRITABLE', { file: path, reason: code ?? 'unknown' }, { cause: error });
  }
}

/** A spreadsheet would run a text that starts with = + - @ (or tab, return) as a formula; an apostrophe in front shows it as text.
 *  Numbers keep their sign: they are numbers. */
function csvSql({ name, type }: Column): string {
  const x = quoteName(name);
  if (type === 'timestamp') return `strftime(${x}, '%Y-%m-%d %H:%M:%S')`;
  if (type !== 'category' && type !== 'text' && type !== 'identifier') return x;
  return `CASE WHEN regexp_matches(CAST(${x} AS VARCHAR), '^[=+@\\t\\r-]') AND TRY_CAST(${x} AS DOUBLE) IS NULL THEN '''' || ${x} ELSE CAST(${x} AS VARCHAR) END`;
}
