// A version with rows added, e.g. stored requests whose truth has arrived: the old rows first and unchanged, the new ones behind them.
import { join } from 'node:path';
import type { DataOperations } from '../../operations.ts';
import { copyToParquet, type Engine, type Watch } from '../engine.ts';
import { profileTable } from '../profile/profile.ts';
import { parquet, quoteName, quoteText } from '../sql.ts';

/** A row with a value that does not fit its column is set aside and counted. */
export async function appendRows(
  engine: Engine,
  { table, rowsFile, tmp }: Parameters<DataOperations['appendRows']>[0],
  watch: Watch = {},
): Promise<ReturnType<DataOperations['appendRows']>> {
  const { columns } = table;
  const stored = await engine.all<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${parquet(table.file)}`);
  const types = new Map(stored.map((column) => [column.column_name, column.column_type]));
  // Members are called c0, c1 …: the names of columns may differ in case only, which JSON keeps apart and the engine does not.
  const members = columns.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
  const source = `read_json(${quoteText(rowsFile)}, format = 'newline_delimited', columns = {${members}}, maximum_object_size = 67108864)`;
  const values = columns.map(({ name }, index) => valueSql(`c${index}`, types.get(name) ?? 'VARCHAR'));
  const fits = columns.map((_, index) => `(c${index} IS NULL OR v${index} IS NOT NULL)`).join(' AND ');
  const read = `SELECT *, ${values.map((value, index) => `${value} AS v${index}`).join(', ')} FROM ${source}`;
  const { aside, kept } = await engine.one<{ aside: number; kept: number }>(
    `SELECT count(*) FILTER (NOT (${fits})) AS aside, count(*) FILTER (${fits}) AS kept FROM (${read})`,
    watch,
  );
  const file = join(tmp, 'appended.parquet');
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const added = columns.map(({ name }, index) => `v${index} AS ${quoteName(name)}`).join(', ');
  await engine.run(
    copyToParquet(`SELECT ${names} FROM ${parquet(table.file)} UNION ALL SELECT ${added} FROM (${read}) WHERE ${fits}`, file),
    watch,
  );
  const rows = table.rows + kept;
  const profile = await profileTable(engine, { file, rows, columns: columns.map((column) => ({ ...column, chosen: true })) }, watch);
  return { file, rows, columns, profile, rowsSetAside: aside };
}

/** Text as a value of the stored type; null where it does not fit. */
function valueSql(member: string, type: string): string {
  const whole = `TRY_CAST(${member} AS DOUBLE)`;
  // A cast of text to a whole number rounds; 12.5 in such a column does not fit.
  if (/INT/.test(type)) return `CASE WHEN ${whole} = floor(${whole}) THEN TRY_CAST(${whole} AS ${type}) END`;
  if (type === 'BLOB') return `TRY(from_base64(regexp_replace(${member}, '^data:[^,]*,', '')))`;
  return `TRY_CAST(${member} AS ${type})`;
}
