// SQL over stored tables for the stages above: as columns of typed arrays, or into a new Parquet file.
import { DuckDBTypeId } from '@duckdb/node-api';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { DataColumn, DataColumns, DataQuery } from '../../dataColumns.ts';
import { copyToParquet, engineErrorReason, type Engine, type Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';

export type ColumnarRequest = Omit<DataQuery, 'tables'> & { tables: Record<string, string> };

/** Rows that one answer may have; more belong into a file. */
const rowLimit = 20_000_000;

/** The tables of the query are views for this statement alone. Errors: MK_DATA_QUERY, MK_DATA_OUT_OF_MEMORY. */
export async function columnarQuery(engine: Engine, { sql, tables }: ColumnarRequest, watch: Watch = {}): Promise<DataColumns> {
  return explain(async () => {
    await makeViews(engine, tables);
    const result = await engine.stream(checked(sql), watch);
    const names = result.columnNames();
    const builders = names.map((_, index) => builderOf(result.columnTypeId(index)));
    let rows = 0;
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      rows += chunk.rowCount;
      if (rows > rowLimit) throw new ModelkeepError('MK_DATA_QUERY', { reason: `more than ${rowLimit} rows; write them to a file` });
      for (const [index, builder] of builders.entries()) builder.add(chunk.getColumnValues(index));
    }
    return { rows, columns: Object.fromEntries(names.map((name, index) => [name, builders[index]!.finish()])) };
  });
}

/** Writes the rows of `sql` to `file` in the order that it gives. */
export async function queryToParquet(
  engine: Engine,
  { sql, tables, file }: ColumnarRequest & { file: string },
  watch: Watch = {},
): Promise<{ rows: number }> {
  return explain(async () => {
    await makeViews(engine, tables);
    await engine.run(copyToParquet(checked(sql), file), watch);
    return engine.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquet(file)}`);
  });
}

async function makeViews(engine: Engine, tables: Record<string, string>): Promise<void> {
  for (const [name, file] of Object.entries(tables))
    await engine.run(`CREATE OR REPLACE TEMP VIEW ${quoteName(name)} AS SELECT * FROM ${parquet(file)}`);
}

/** One statement that reads. The engine's own limits (no files but the workspace's, no settings) hold all the same. */
function checked(sql: string): string {
  const text = sql.trim().replace(/;\s*$/, '');
  if (!/^(select|with|from|\()/i.test(text)) throw new ModelkeepError('MK_DATA_QUERY', { reason: 'only one SELECT is allowed' });
  return text;
}

async function explain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as Error).name === 'ModelkeepError') throw error;
    throw new ModelkeepError('MK_DATA_QUERY', { reason: engineErrorReason(error) }, { cause: error });
  }
}

interface ColumnBuilder {
  add(values: readonly unknown[]): void;
  finish(): DataColumn;
}

function builderOf(type: DuckDBTypeId): ColumnBuilder {
  if (type === DuckDBTypeId.VARCHAR || type === DuckDBTypeId.ENUM || type === DuckDBTypeId.UUID) return new StringBuilder();
  if (type === DuckDBTypeId.BLOB) return new BytesBuilder();
  return new NumberBuilder(type === DuckDBTypeId.BOOLEAN ? 'boolean' : isDay(type) ? 'days' : 'number');
}

function isDay(type: DuckDBTypeId): boolean {
  return (
    type === DuckDBTypeId.DATE ||
    type === DuckDBTypeId.TIMESTAMP ||
    type === DuckDBTypeId.TIMESTAMP_TZ ||
    type === DuckDBTypeId.TIMESTAMP_MS ||
    type === DuckDBTypeId.TIMESTAMP_S ||
    type === DuckDBTypeId.TIMESTAMP_NS
  );
}

class NumberBuilder implements ColumnBuilder {
  readonly #kind: 'number' | 'boolean' | 'days';
  #values = new Float64Array(2048);
  #length = 0;

  constructor(kind: 'number' | 'boolean' | 'days') {
    this.#kind = kind;
  }

  add(values: readonly unknown[]): void {
    if (this.#length + values.length > this.#values.length) {
      const larger = new Float64Array(Math.max(this.#values.length * 2, this.#length + values.length));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    for (const value of values) this.#values[this.#length++] = value === null ? Number.NaN : numberOf(value);
  }

  finish(): DataColumn {
    return { kind: this.#kind, values: this.#values.slice(0, this.#length) };
  }
}

/** Days for dates and times, Number for every integer and decimal. */
function numberOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  if (value && typeof value === 'object') {
    if ('days' in value && !('micros' in value)) return Number(value.days);
    if ('micros' in value) return Number(value.micros as bigint) / 86_400_000_000;
    if ('milliseconds' in value) return Number(value.milliseconds as bigint) / 86_400_000;
    if ('seconds' in value) return Number(value.seconds as bigint) / 86_400;
    if ('nanoseconds' in value) return Number(value.nanoseconds as bigint) / 86_400_000_000_000;
    if ('toDouble' in value && typeof value.toDouble === 'function') return (value.toDouble as () => number)();
  }
  return Number(value);
}

class StringBuilder implements ColumnBuilder {
  readonly #codeOf = new Map<string, number>();
  #codes = new Int32Array(2048);
  #length = 0;

  add(values: readonly unknown[]): void {
    if (this.#length + values.length > this.#codes.length) {
      const larger = new Int32Array(Math.max(this.#codes.length * 2, this.#length + values.length));
      larger.set(this.#codes.subarray(0, this.#length));
      this.#codes = larger;
    }
    for (const value of values) {
      const text = value === null ? '' : String(value);
      let code = this.#codeOf.get(text);
      if (code === undefined) this.#codeOf.set(text, (code = this.#codeOf.size));
      this.#codes[this.#length++] = code;
    }
  }

  finish(): DataColumn {
    return { kind: 'string', codes: this.#codes.slice(0, this.#length), dictionary: [...this.#codeOf.keys()] };
  }
}

class BytesBuilder implements ColumnBuilder {
  readonly #pieces: Uint8Array[] = [];
  readonly #offsets: number[] = [0];

  add(values: readonly unknown[]): void {
    for (const value of values) {
      const bytes = value === null ? new Uint8Array() : (value as { bytes: Uint8Array }).bytes;
      this.#pieces.push(bytes);
      this.#offsets.push(this.#offsets.at(-1)! + bytes.length);
    }
  }

  finish(): DataColumn {
    const bytes = new Uint8Array(this.#offsets.at(-1)!);
    for (const [index, piece] of this.#pieces.entries()) bytes.set(piece, this.#offsets[index]!);
    return { kind: 'bytes', bytes, offsets: Float64Array.from(this.#offsets) };
  }
}
