// A version as a file for other programs: written beside its place, brought to the disk, then renamed into it.
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { describeDiskError, fsyncFile, fsyncFolder } from '../../../../platform/files.ts';
import type { DataOperations } from '../../operations.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName, quoteText } from '../sql.ts';

/** Errors: MK_FILE_UNWRITABLE, MK_DISK_FULL. Images do not go into CSV; the column is left out. */
export async function exportTable(
  engine: Engine,
  { table, format, target, tmp }: Parameters<DataOperations['export']>[0],
  watch: Watch = {},
): Promise<{ sizeBytes: number }> {
  const path = resolve(target);
  const { file: source, columns } = table;
  const finished = format === 'parquet' ? source : join(tmp, 'export.csv');
  if (format === 'csv') {
    const kept = columns.filter(({ type }) => type !== 'image');
    const select = kept
      .map((column) => `${csvSql(column)} AS ${quoteName(/^[=+@\t\r-]/.test(column.name) ? `'${column.name}` : column.name)}`)
      .join(', ');
    await engine.run(`COPY (SELECT ${select} FROM ${parquet(source)}) TO ${quoteText(finished)} (FORMAT csv, HEADER)`, watch);
  }
  const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}.modelkeep-export`);
  try {
    await copyFile(finished, beside);
    await chmod(beside, 0o644); // a blob is read-only, and so is its copy
    await fsyncFile(beside);
    await rename(beside, path);
    await fsyncFolder(dirname(path));
    return { sizeBytes: (await stat(path)).size };
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    const described = await describeDiskError(error, dirname(path));
    if (isModelkeepError(described) && described.code === 'MK_DISK_FULL') throw described;
    throw new ModelkeepError(
      'MK_FILE_UNWRITABLE',
      { file: path, reason: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      { cause: error },
    );
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
