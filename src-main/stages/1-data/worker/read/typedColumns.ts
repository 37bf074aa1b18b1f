// Columns that come with types (Parquet, JSON): what each becomes, and what cannot be kept.
import type { ColumnType, ImportOptions } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { checkColumnCount } from '../detect/columnNames.ts';
import type { Reason } from '../detect/dialect.ts';
import type { Engine } from '../engine.ts';
import { nameKey, quoteName } from '../sql.ts';

export interface TypedColumn {
  name: string;
  type: ColumnType;
  /** DuckDB expression over the source relation, of the type in which it is stored. */
  sql: string;
}

export interface TypedColumns {
  columns: TypedColumn[];
  warnings: Reason[];
}

/** Reads the columns of `relation`. Structs are opened one level (`customer.name`), deeper values and lists become JSON text, bytes
 *  that are images stay, other bytes are left out with a warning. Errors: MK_DATA_TOO_MANY_COLUMNS, MK_DATA_DUPLICATE_COLUMNS. */
export async function typedColumns(engine: Engine, relation: string, file: string, options: ImportOptions): Promise<TypedColumns> {
  const described = await engine.all<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${relation}`);
  checkColumnCount(file, described.length);
  const result: TypedColumns = { columns: [], warnings: [] };
  for (const { column_name: name, column_type: type } of described) {
    if (!type.startsWith('STRUCT(')) {
      await add(engine, relation, file, result, name, quoteName(name), type);
      continue;
    }
    const fields = await engine.all<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT unnest(value) FROM (SELECT ${quoteName(name)} AS value FROM ${relation}) LIMIT 0`,
    );
    for (const field of fields) {
      const sql = `struct_extract(${quoteName(name)}, '${field.column_name.replaceAll("'", "''")}')`;
      await add(engine, relation, file, result, `${name}.${field.column_name}`, sql, field.column_type);
    }
  }
  checkColumnCount(file, result.columns.length);
  rename(file, result, options.duplicateColumns ?? 'reject');
  return result;
}

async function add(
  engine: Engine,
  relation: string,
  file: string,
  result: TypedColumns,
  name: string,
  x: string,
  type: string,
): Promise<void> {
  const { columns, warnings } = result;
  const integer = /^(U?(TINYINT|SMALLINT|INTEGER)|BIGINT)$/;
  if (integer.test(type)) columns.push({ name, type: 'integer', sql: `CAST(${x} AS BIGINT)` });
  else if (type === 'UBIGINT' || type.endsWith('HUGEINT')) {
    const { over } = await engine.one<{ over: boolean | null }>(
      `SELECT bool_or(TRY_CAST(${x} AS BIGINT) IS NULL AND ${x} IS NOT NULL) AS over FROM ${relation}`,
    );
    columns.push(over ? { name, type: 'category', sql: `CAST(${x} AS VARCHAR)` } : { name, type: 'integer', sql: `CAST(${x} AS BIGINT)` });
  } else if (/^DECIMAL\(\d+,0\)$/.test(type)) columns.push({ name, type: 'number', sql: `CAST(${x} AS DOUBLE)` });
  else if (/^(FLOAT|DOUBLE|DECIMAL)/.test(type)) {
    // Not-a-number and infinity are no values to compute with.
    const sql = `CASE WHEN isfinite(CAST(${x} AS DOUBLE)) THEN CAST(${x} AS DOUBLE) END`;
    if (!type.startsWith('DECIMAL')) {
      const { count } = await engine.one<{ count: number }>(`SELECT count(*) FILTER (isinf(${x})) AS count FROM ${relation}`);
      if (count > 0) warnings.push({ code: 'notFinite', params: { field: name, count } });
    }
    columns.push({ name, type: 'number', sql });
  } else if (type === 'BOOLEAN') columns.push({ name, type: 'boolean', sql: x });
  else if (type === 'DATE') columns.push({ name, type: 'date', sql: x });
  else if (type === 'TIMESTAMP WITH TIME ZONE') {
    warnings.push({ code: 'timesInUtc', params: { field: name } });
    columns.push({ name, type: 'timestamp', sql: `CAST(${x} AS TIMESTAMP)` });
  } else if (type.startsWith('TIMESTAMP')) columns.push({ name, type: 'timestamp', sql: `CAST(${x} AS TIMESTAMP)` });
  else if (type === 'BLOB') {
    if (await holdsImages(engine, relation, x)) columns.push({ name, type: 'image', sql: x });
    else warnings.push({ code: 'columnLeftOut', params: { file, field: name, found: 'bytes that are no image' } });
  } else if (/^(VARCHAR|UUID|ENUM|TIME|INTERVAL|BIT)/.test(type) && !type.endsWith('[]')) {
    columns.push({ name, type: 'category', sql: `nullif(CAST(${x} AS VARCHAR), '')` });
  } else if (type === '"NULL"' || type === 'NULL') columns.push({ name, type: 'category', sql: 'CAST(NULL AS VARCHAR)' });
  else {
    // JSON text of a JSON string is quoted: a column of plain strings that DuckDB could not unify loses its quotes.
    warnings.push({ code: 'keptAsJson', params: { field: name } });
    columns.push({
      name,
      type: 'category',
      sql:
        type === 'JSON'
          ? `CASE WHEN json_type(${x}) = 'VARCHAR' THEN ${x}->>'$' ELSE CAST(${x} AS VARCHAR) END`
          : `CAST(to_json(${x}) AS VARCHAR)`,
    });
  }
}

/** Decides by the first bytes of the first value: PNG, JPEG, GIF, WebP (RIFF), BMP. */
async function holdsImages(engine: Engine, relation: string, x: string): Promise<boolean> {
  const [row] = await engine.all<{ head: string }>(`SELECT left(hex(${x}), 8) AS head FROM ${relation} WHERE ${x} IS NOT NULL LIMIT 1`);
  return (
    row !== undefined && (/^(89504E47|47494638|52494646)/.test(row.head) || row.head.startsWith('FFD8FF') || row.head.startsWith('424D'))
  );
}

function rename(file: string, { columns, warnings }: TypedColumns, duplicates: 'reject' | 'rename'): void {
  const taken = new Set<string>();
  for (const column of columns) {
    let name = column.name;
    for (let suffix = 2; taken.has(nameKey(name)); suffix++) name = `${column.name}_${suffix}`;
    taken.add(nameKey(name));
    if (name === column.name) continue;
    const params = { file, field: column.name, count: 2, proposed: name };
    if (duplicates === 'reject') throw new ModelkeepError('MK_DATA_DUPLICATE_COLUMNS', params);
    warnings.push({ code: 'duplicateColumns', params });
    column.name = name;
  }
}
