// Writes typed columns as the table's Parquet file, with the types that a person chose.
import { join } from 'node:path';
import type { ColumnType, ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Reason } from '../detect/dialect.ts';
import { copyToParquet, type Engine, type Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';
import { castColumns, type CastColumn } from '../types/castColumns.ts';
import type { ReadContext } from './context.ts';
import type { ReadTable } from './readTable.ts';
import type { TypedColumn } from './typedColumns.ts';

/** `rowOf` gives the row in the file for a position. Errors: MK_DATA_COLUMN_UNKNOWN, MK_DATA_VALUE_TYPE, MK_DATA_NO_ROWS. */
export async function writeTyped(
  context: ReadContext,
  relation: string,
  source: { file: string; columns: readonly TypedColumn[]; warnings: Reason[]; rowOf: (position: number) => number },
  options: ImportOptions,
): Promise<ReadTable> {
  const { engine, signal } = context;
  const chosen = options.types ?? {};
  for (const field of Object.keys(chosen)) {
    if (!source.columns.some(({ name }) => name === field))
      throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field, subject: 'the file' });
  }
  const missing = options.missingTokens?.length ? options.missingTokens : null;
  const file = join(context.tmp, 'table.parquet');
  const changed = source.columns.filter(({ name, type }) => chosen[name] !== undefined && chosen[name] !== type);
  const first = changed.length > 0 || missing ? join(context.tmp, 'typed.parquet') : file;
  const select = source.columns.map(({ name, sql, type }) => {
    const value =
      missing && type === 'category' ? missing.reduce((x, token) => `nullif(${x}, '${token.replaceAll("'", "''")}')`, sql) : sql;
    return `${value} AS ${quoteName(name)}`;
  });
  await engine.run(copyToParquet(`SELECT ${select.join(', ')} FROM ${relation}`, first), {
    signal,
    progress: (fraction) => context.progress(0.1 + fraction * 0.5, 'reading'),
  });
  const { rows } = await engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquet(first)}`);
  if (rows === 0) throw new ModelkeepError('MK_DATA_NO_ROWS', { file: source.file });
  let rowsSetAside = 0;
  if (first !== file) {
    const setAside = options.brokenRows === 'setAside';
    const columns: CastColumn[] = source.columns.map(({ name, type }) => ({ name, from: type, to: chosen[name] ?? type }));
    const cast = await castColumns(engine, first, columns, { signal });
    for (const misfit of cast.misfits) {
      const params = {
        file: source.file,
        row: source.rowOf(misfit.firstRow),
        field: misfit.name,
        found: misfit.found,
        expected: chosen[misfit.name]!,
      };
      if (!setAside) throw new ModelkeepError('MK_DATA_VALUE_TYPE', params);
      source.warnings.push({ code: 'misfitsSetAside', params: { ...params, count: misfit.count } });
    }
    rowsSetAside = await writeCast(engine, first, file, cast, { signal });
  }
  return {
    file,
    rows: rows - rowsSetAside,
    columns: source.columns.map(
      ({ name, type }) =>
        ({ name, type: chosen[name] ?? type, chosen: chosen[name] !== undefined }) satisfies {
          name: string;
          type: ColumnType;
          chosen: boolean;
        },
    ),
    warnings: source.warnings,
    rowsSetAside,
  };
}

async function writeCast(
  engine: Engine,
  from: string,
  to: string,
  cast: Awaited<ReturnType<typeof castColumns>>,
  watch: Watch,
): Promise<number> {
  const where = cast.misfits.length > 0 ? ` WHERE NOT (${cast.misfits.map(({ condition }) => condition).join(' OR ')})` : '';
  await engine.run(copyToParquet(`SELECT ${cast.select} FROM ${parquet(from)}${where}`, to), watch);
  const { before } = await engine.one<{ before: number }>(`SELECT count(*) AS before FROM ${parquet(from)}`);
  const { after } = await engine.one<{ after: number }>(`SELECT count(*) AS after FROM ${parquet(to)}`);
  return before - after;
}
