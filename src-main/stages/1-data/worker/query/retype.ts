import { join } from 'node:path';
import type { Column, ColumnType, TableProfile } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { copyToParquet, type Engine, type Watch } from '../engine.ts';
import { profileTable } from '../profile/profile.ts';
import { parquet } from '../sql.ts';
import { castColumns } from '../types/castColumns.ts';

export interface RetypeRequest {
  file: string;
  subject: string;
  columns: Column[];
  rows: number;
  types: Record<string, ColumnType>;
  tmp: string;
}

export interface RetypeResult {
  /** null: the stored bytes stay, only their meaning changes. */
  file: string | null;
  columns: Column[];
  profile: TableProfile;
}

/** Errors: MK_DATA_COLUMN_UNKNOWN, MK_DATA_RETYPE (nothing is lost: a value that does not fit refuses the whole). */
export async function retype(
  engine: Engine,
  { file, subject, columns, rows, types, tmp }: RetypeRequest,
  watch: Watch = {},
): Promise<RetypeResult> {
  for (const field of Object.keys(types)) {
    if (!columns.some(({ name }) => name === field)) throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject });
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
  const target = cast.rewrites ? join(tmp, 'retyped.parquet') : null;
  if (target) await engine.run(copyToParquet(`SELECT ${cast.select} FROM ${parquet(file)}`, target), watch);
  const changed = columns.map(({ name, type }) => ({ name, type: types[name] ?? type }));
  const profile = await profileTable(
    engine,
    { file: target ?? file, rows, columns: changed.map((column) => ({ ...column, chosen: true })) },
    watch,
  );
  return { file: target, columns: changed, profile };
}
