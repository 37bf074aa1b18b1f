import { constants } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { DataOperations } from '../../operations.ts';
import { copyToParquet, type Engine, type Watch } from '../engine.ts';
import { profileTable } from '../profile/profile.ts';
import { parquet } from '../sql.ts';
import { castColumns } from '../types/castColumns.ts';

/** Errors: MK_DATA_COLUMN_UNKNOWN, MK_DATA_RETYPE (nothing is lost: a value that does not fit refuses the whole). */
export async function retype(
  engine: Engine,
  { table, types, tmp }: Parameters<DataOperations['retype']>[0],
  watch: Watch = {},
): Promise<ReturnType<DataOperations['retype']>> {
  const { file, columns, rows } = table;
  for (const field of Object.keys(types)) {
    if (!columns.some(({ name }) => name === field)) throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject: 'this version' });
  }
  const cast = await castColumns(
    engine,
    file,
    columns.map(({ name, type }) => ({ name, from: type, to: types[name] ?? type })),
    watch,
  );
  const [misfit] = cast.misfits;
  if (misfit) {
    throw new ModelkeepError('MK_DATA_RETYPE', {
      row: misfit.firstRow + 1,
      field: misfit.name,
      found: misfit.found,
      expected: types[misfit.name]!,
      count: misfit.count,
    });
  }
  const target = join(tmp, 'retyped.parquet');
  if (cast.rewrites) await engine.run(copyToParquet(`SELECT ${cast.select} FROM ${parquet(file)}`, target), watch);
  else {
    // Only the meaning changes: the same bytes, which the blob store will recognise.
    await copyFile(file, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o644);
  }
  const changed = columns.map(({ name, type }) => ({ name, type: types[name] ?? type }));
  const profile = await profileTable(
    engine,
    { file: target, rows, columns: changed.map((column) => ({ ...column, chosen: true })) },
    watch,
  );
  return { file: target, rows, columns: changed, profile, warnings: [] };
}
