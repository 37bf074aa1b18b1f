// Changes the type of stored columns: the same rules as at import, for a table that is already Parquet.
import type { ColumnType } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { isOneOf, parquet, quoteName } from '../sql.ts';
import { classify, dayOrMonthFirst } from './classify.ts';
import { decideReading } from './decideType.ts';
import { textTypes } from './readingStyles.ts';
import { isTokenSql, valueClassSql } from './valueClasses.ts';

export interface CastColumn {
  name: string;
  from: ColumnType;
  to: ColumnType;
}

export interface Misfit {
  name: string;
  count: number;
  /** Position of the first, from 0. */
  firstRow: number;
  found: string;
  /** DuckDB condition that is true for the misfits. */
  condition: string;
}

export interface Cast {
  /** Select list of all columns in order. */
  select: string;
  misfits: Misfit[];
  /** False when every column keeps its bytes: then only the meaning changes. */
  rewrites: boolean;
}

export async function castColumns(engine: Engine, file: string, columns: readonly CastColumn[], watch: Watch = {}): Promise<Cast> {
  const relation = parquet(file, { rowNumbers: true });
  const select: string[] = [];
  const misfits: Misfit[] = [];
  let rewrites = false;
  for (const column of columns) {
    const name = quoteName(column.name);
    if (storedAs(column.from) === storedAs(column.to) || (await keepsBytes(engine, file, column))) {
      select.push(name);
      continue;
    }
    rewrites = true;
    const { value, misfit } = await conversion(engine, relation, column, watch);
    select.push(`${value} AS ${name}`);
    const found = await engine.one<{ count: number; first: number | null; text: string | null }>(
      `SELECT count(*) AS count, min(file_row_number) AS first, left(CAST(arg_min(${name}, file_row_number) AS VARCHAR), 80) AS text FROM ${relation} WHERE ${misfit}`,
      watch,
    );
    if (found.count > 0)
      misfits.push({ name: column.name, count: found.count, firstRow: found.first!, found: found.text ?? '', condition: misfit });
  }
  return { select: select.join(', '), misfits, rewrites };
}

/** An identifier may be stored as a whole number or as text, whichever it came as. */
async function keepsBytes(engine: Engine, file: string, { name, from, to }: CastColumn): Promise<boolean> {
  if (from !== 'identifier' && to !== 'identifier') return false;
  if (to === 'identifier') return from === 'integer' || textTypes.includes(from);
  const [{ column_type: stored } = { column_type: '' }] = await engine.all<{ column_type: string }>(
    `DESCRIBE SELECT ${quoteName(name)} FROM ${parquet(file)}`,
  );
  return (stored === 'BIGINT' && to === 'integer') || (stored === 'VARCHAR' && textTypes.includes(to));
}

function storedAs(type: ColumnType): string {
  return textTypes.includes(type) ? (type === 'identifier' ? 'identifier' : 'text') : type;
}

async function conversion(
  engine: Engine,
  relation: string,
  { name, from, to }: CastColumn,
  watch: Watch,
): Promise<{ value: string; misfit: string }> {
  const x = quoteName(name);
  if (to === 'image' || from === 'image') return { value: 'NULL', misfit: `${x} IS NOT NULL` };
  if (textTypes.includes(to)) return { value: `CAST(${x} AS VARCHAR)`, misfit: 'false' };
  const [{ column_type: stored } = { column_type: '' }] = await engine.all<{ column_type: string }>(
    `DESCRIBE SELECT ${x} FROM ${relation}`,
  );
  if (stored === 'VARCHAR') {
    const counts = (await classify(engine, relation, [name], watch)).get(name)!;
    const { style } = await dayOrMonthFirst(engine, relation, name, decideReading(counts, to).style!);
    const trimmed = `trim(${x})`;
    const absent = `(${x} IS NULL OR ${trimmed} = '' OR ${isTokenSql(trimmed)})`;
    return {
      value: `CASE WHEN ${absent} THEN NULL ELSE ${style.convert(trimmed)} END`,
      misfit: `(NOT ${absent} AND (NOT ${isOneOf(valueClassSql(x), style.takes)} OR (${style.convert(trimmed)}) IS NULL))`,
    };
  }
  const value = betweenTypes(x, stored, to);
  return { value, misfit: `(${x} IS NOT NULL AND (${value}) IS NULL)` };
}

/** NULL where the value would change: 1.5 is no whole number, 2 no truth value. */
function betweenTypes(x: string, stored: string, to: ColumnType): string {
  if (to === 'integer')
    return stored === 'DOUBLE'
      ? `CASE WHEN ${x} = trunc(${x}) THEN TRY_CAST(${x} AS BIGINT) END`
      : stored === 'BOOLEAN'
        ? `CAST(${x} AS BIGINT)`
        : 'CAST(NULL AS BIGINT)';
  if (to === 'number') return stored === 'BIGINT' || stored === 'BOOLEAN' ? `CAST(CAST(${x} AS BIGINT) AS DOUBLE)` : 'CAST(NULL AS DOUBLE)';
  if (to === 'boolean')
    return stored === 'BIGINT' || stored === 'DOUBLE'
      ? `CASE WHEN ${x} = 1 THEN true WHEN ${x} = 0 THEN false END`
      : 'CAST(NULL AS BOOLEAN)';
  if (to === 'date')
    return stored === 'TIMESTAMP' ? `CAST(${x} AS DATE)` : `TRY_CAST(try_strptime(CAST(${x} AS VARCHAR), '%Y%m%d') AS DATE)`;
  return stored === 'DATE' ? `CAST(${x} AS TIMESTAMP)` : 'CAST(NULL AS TIMESTAMP)';
}
