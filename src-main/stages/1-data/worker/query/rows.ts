// A window of rows of any position, order and filter. Order and filter are answered once with the positions of all rows that match,
// kept in the engine; a window then reads only the row groups that hold it (35 ms at 5 M × 20, wherever it stands).
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Cell, Column } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Result } from '../../../../../src-shared/rpc/contract.ts';
import type { rowFilter } from '../../../../../src-shared/rpc/data.ts';
import type { StoredTable } from '../../operations.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName, quoteText } from '../sql.ts';
import { cellList, toCell } from './cells.ts';

export type RowFilter = z.infer<typeof rowFilter>;

export interface RowsRequest {
  table: StoredTable;
  offset: number;
  limit: number;
  sort?: { column: string; descending: boolean } | undefined;
  filter?: RowFilter | undefined;
}

/** Orders kept at once, each 8 bytes a row. */
const keptOrders = 6;

/** Positions of sorted or filtered rows, by what was asked. One per engine. */
export class RowOrders {
  readonly #tables = new Map<string, Promise<{ table: string; total: number }>>();
  #made = 0;

  /** The table of positions, made when asked for the first time. */
  get(engine: Engine, request: RowsRequest, watch: Watch): Promise<{ table: string; total: number }> {
    const key = createHash('sha256')
      .update(JSON.stringify([request.table.file, request.sort ?? null, request.filter ?? null]))
      .digest('hex');
    const known = this.#tables.get(key);
    if (known) {
      this.#tables.delete(key);
      this.#tables.set(key, known); // used last
      return known;
    }
    const made = this.#make(engine, request, watch);
    this.#tables.set(key, made);
    made.catch(() => this.#tables.delete(key));
    void this.#evict(engine);
    return made;
  }

  async #make(engine: Engine, request: RowsRequest, watch: Watch): Promise<{ table: string; total: number }> {
    const table = `order_${++this.#made}`;
    const { sort, filter } = request;
    const where = filter ? filterSql(filter, request) : null;
    // Ties keep the order of the file, so that pages never repeat or drop a row.
    const order = sort
      ? `ORDER BY ${quoteName(columnOf(request, sort.column).name)} ${sort.descending ? 'DESC' : 'ASC'} NULLS LAST, file_row_number`
      : 'ORDER BY file_row_number';
    await engine.run(
      `CREATE TABLE ${table} AS SELECT file_row_number AS position FROM ${parquet(request.table.file, { rowNumbers: true })} ${where ? `WHERE ${where}` : ''} ${order}`,
      watch,
    );
    const { total } = await engine.one<{ total: number }>(`SELECT count(*) AS total FROM ${table}`, watch);
    return { table, total };
  }

  async #evict(engine: Engine): Promise<void> {
    for (const [key, made] of this.#tables) {
      if (this.#tables.size <= keptOrders) return;
      this.#tables.delete(key);
      const { table } = await made.catch(() => ({ table: null }));
      if (table) await engine.run(`DROP TABLE IF EXISTS ${table}`).catch(() => {});
    }
  }
}

/** Errors: MK_DATA_COLUMN_UNKNOWN. */
export async function rowsWindow(engine: Engine, orders: RowOrders, request: RowsRequest, watch: Watch = {}): Promise<Result<'data.rows'>> {
  const { table, offset, limit, sort, filter } = request;
  if (!sort && !isFilter(filter)) {
    const to = Math.min(table.rows, offset + limit);
    const positions = Array.from({ length: Math.max(0, to - offset) }, (_, index) => offset + index);
    return { columns: table.columns, ...(await cellsAt(engine, table, positions, watch)), total: table.rows };
  }
  const order = await orders.get(engine, request, watch);
  const found = await engine.all<{ position: number }>(
    `SELECT position FROM ${order.table} WHERE rowid >= ${offset} AND rowid < ${offset + limit} ORDER BY rowid`,
    watch,
  );
  const positions = found.map(({ position }) => position);
  return { columns: table.columns, ...(await cellsAt(engine, table, positions, watch)), total: order.total };
}

/** Whole rows by position, in the order asked; images are null. Error: MK_DATA_NO_SUCH_ROW. */
export async function rowsAt(
  engine: Engine,
  table: StoredTable,
  positions: readonly number[],
  watch: Watch = {},
): Promise<Record<string, Cell>[]> {
  const outside = positions.find((position) => position < 0 || position >= table.rows);
  if (outside !== undefined) throw new ModelkeepError('MK_DATA_NO_SUCH_ROW', { row: outside, subject: 'this version', total: table.rows });
  const { rows } = await cellsAt(engine, table, positions, watch, { whole: true });
  return rows.map((cells) => Object.fromEntries(table.columns.map(({ name }, index) => [name, cells[index]!])));
}

async function cellsAt(
  engine: Engine,
  { file, columns }: StoredTable,
  positions: readonly number[],
  watch: Watch,
  { whole = false } = {},
): Promise<{ rows: Cell[][]; rowNumbers: number[] }> {
  if (positions.length === 0) return { rows: [], rowNumbers: [] };
  const low = positions.reduce((least, position) => Math.min(least, position));
  const high = positions.reduce((most, position) => Math.max(most, position));
  const dense = high - low + 1 === positions.length;
  // The range lets the engine pass over row groups, which a list of numbers does not.
  const where = `file_row_number BETWEEN ${low} AND ${high}${dense ? '' : ` AND file_row_number IN (${positions.join(', ')})`}`;
  const found = await engine.all(
    `SELECT file_row_number AS position, ${cellList(columns, { whole })} FROM ${parquet(file, { rowNumbers: true })} WHERE ${where}`,
    watch,
  );
  const byPosition = new Map(found.map((row) => [row.position as number, columns.map((_, index) => toCell(row[`v${index}`]))]));
  return { rows: positions.map((position) => byPosition.get(position)!), rowNumbers: [...positions] };
}

function isFilter(filter: RowFilter | undefined): boolean {
  return filter !== undefined && (Boolean(filter.text) || filter.column !== undefined);
}

function columnOf({ table }: RowsRequest, name: string): Column {
  const column = table.columns.find((known) => known.name === name);
  if (!column) throw new ModelkeepError('MK_DATA_COLUMN_UNKNOWN', { field: name, subject: 'this version' });
  return column;
}

function filterSql(filter: RowFilter, request: RowsRequest): string | null {
  const conditions: string[] = [];
  if (filter.text) {
    const text = quoteText(filter.text.toLowerCase());
    const columns = request.table.columns.filter(({ type }) => type !== 'image');
    conditions.push(
      `(${columns.map(({ name }) => `contains(lower(CAST(${quoteName(name)} AS VARCHAR)), ${text})`).join(' OR ') || 'false'})`,
    );
  }
  if (filter.column !== undefined) conditions.push(columnCondition(columnOf(request, filter.column), filter));
  return conditions.length > 0 ? conditions.join(' AND ') : null;
}

function columnCondition({ name, type }: Column, { is = 'present', value = '' }: RowFilter): string {
  const x = quoteName(name);
  const text = quoteText(value);
  if (is === 'missing') return `${x} IS NULL`;
  if (is === 'present') return `${x} IS NOT NULL`;
  if (is === 'contains') return type === 'image' ? 'false' : `contains(lower(CAST(${x} AS VARCHAR)), ${quoteText(value.toLowerCase())})`;
  const stored = {
    integer: 'DOUBLE',
    number: 'DOUBLE',
    boolean: 'BOOLEAN',
    date: 'DATE',
    timestamp: 'TIMESTAMP',
    category: 'VARCHAR',
    text: 'VARCHAR',
    identifier: null,
    image: null,
  }[type];
  if (type === 'image') return 'false';
  // An identifier may be stored as a number or as text: compare as what it is, falling back to its text.
  const other = stored ? `TRY_CAST(${text} AS ${stored})` : text;
  if (is === 'equals') return stored ? `${x} = ${other}` : `CAST(${x} AS VARCHAR) = ${other}`;
  return `${stored ? x : `CAST(${x} AS VARCHAR)`} ${is === 'below' ? '<' : '>'} ${other}`;
}
