// Rows of a table, or of a file with earlier rows of a table, in series: what features of history are made of.
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { timeKindOf, type History } from '../../../../../src-shared/domain/history.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { periodsOf, type SortedSeries } from '../../../3-features/api.ts';
import { quoteName } from './duck.ts';

export interface RowSource {
  /** SQL of the rows. */
  relation: string;
  /** SQL of a row's number, from 0. */
  rowNumber: string;
  /** For people. */
  name: string;
}

export type SeriesKey = Pick<History, 'timeColumn' | 'entityColumns'>;

/** Rows with their times: days since 1970, or plain numbers. */
export interface TimedSeries extends Omit<SortedSeries, 'periods'> {
  times: Float64Array;
  /** Rows of `own` without a time or an entity. */
  unplaced: number;
  /** Rows of `own`, placed or not. */
  rows: number;
}

export interface SeriesOrder {
  own: RowSource;
  /** Earlier rows: where both have a row of one series and time, it is `own`'s, with the missing cells from `earlier`. Their row numbers are below 0. */
  earlier?: RowSource | null;
  key: SeriesKey;
  kind: 'date' | 'number';
  /** Columns whose cells are read. */
  columns: readonly string[];
}

/** Errors: MK_PREDICT_COLUMN_MISSING, MK_FEATURES_HISTORY_DUPLICATE. */
export async function readTimes(connection: DuckDBConnection, order: SeriesOrder): Promise<TimedSeries> {
  const { own, earlier, columns } = order;
  const parts = [await selectOf(connection, own, order, 1)];
  if (earlier) parts.push(await selectOf(connection, earlier, order, 0));
  const entities = order.key.entityColumns.map((_, at) => `e${at}`);
  const series = entities.length === 0 ? '0' : `dense_rank() OVER (ORDER BY ${entities.join(', ')})`;
  const cells = columns.map((_, at) => `v${at}`);
  const placed = ['t', ...entities].map((each) => `${each} IS NOT NULL`).join(' AND ');
  const sql =
    `SELECT row, own, t, (${series})::INTEGER AS series${cells.map((each) => `, ${each}`).join('')} ` +
    `FROM (${parts.join(' UNION ALL ')}) WHERE ${placed} ORDER BY series, t, own, row`;
  const rows = await countRows(connection, own);
  const places = new Places(columns.length, rows + (earlier ? await countRows(connection, earlier) : 0));
  const result = await connection.stream(sql);
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const read = Array.from({ length: 4 + columns.length }, (_, at) => numbersOf(chunk, at));
    for (let at = 0; at < chunk.rowCount; at++) {
      const clash = places.add(read, at);
      if (clash !== null) throw await duplicateError(connection, order, clash);
    }
  }
  return places.finish(columns, rows);
}

/** With periods by the step that was found in training. */
export async function readSeries(
  connection: DuckDBConnection,
  { step, ...order }: Omit<SeriesOrder, 'kind'> & Pick<History, 'step'>,
): Promise<SortedSeries & { unplaced: number; rows: number }> {
  const { times, ...series } = await readTimes(connection, { ...order, kind: timeKindOf(step) });
  const periods = periodsOf(times, series.starts, step);
  // Times off the grid may fall into one period; the later row would hide the earlier one.
  for (let each = 0; each + 1 < series.starts.length; each++)
    for (let place = series.starts[each]! + 1; place < series.starts[each + 1]!; place++)
      if (periods[place] === periods[place - 1]) throw await duplicateError(connection, order, series.rowNumbers[place]!);
  return { ...series, periods };
}

async function selectOf(connection: DuckDBConnection, source: RowSource, { key, kind, columns }: SeriesOrder, own: 0 | 1): Promise<string> {
  const types = await columnTypes(connection, source.relation);
  const need = (name: string): string => {
    if (!types.has(name)) throw new ModelkeepError('MK_PREDICT_COLUMN_MISSING', { column: name, file: source.name });
    return quoteName(name);
  };
  const time = need(key.timeColumn);
  const fields = [
    `(${own === 1 ? source.rowNumber : `-1 - (${source.rowNumber})`})::INTEGER AS row`,
    `${own}::INTEGER AS own`,
    `${kind === 'date' ? `epoch(TRY_CAST(${time} AS TIMESTAMP)) / 86400` : `TRY_CAST(${time} AS DOUBLE)`} AS t`,
    ...key.entityColumns.map((name, at) => `nullif(CAST(${need(name)} AS VARCHAR), '') AS e${at}`),
    ...columns.map((name, at) => `coalesce(${numberOf(need(name), types.get(name)!)}, 'NaN'::DOUBLE) AS v${at}`),
  ];
  return `SELECT ${fields.join(', ')} FROM ${source.relation}`;
}

export async function columnTypes(connection: DuckDBConnection, relation: string): Promise<Map<string, string>> {
  const described = await (await connection.run(`DESCRIBE SELECT * FROM ${relation}`)).getRowObjectsJS();
  return new Map(described.map((row) => [String(row['column_name']), String(row['column_type'])]));
}

/** Text may be a number or a truth value. */
function numberOf(column: string, type: string): string {
  const number = `TRY_CAST(${column} AS DOUBLE)`;
  return type === 'VARCHAR' ? `coalesce(${number}, CAST(TRY_CAST(${column} AS BOOLEAN) AS DOUBLE))` : number;
}

async function countRows(connection: DuckDBConnection, { relation }: RowSource): Promise<number> {
  const [count] = await (await connection.run(`SELECT count(*)::INTEGER AS rows FROM ${relation}`)).getRowObjectsJS();
  return Number(count!['rows']);
}

/** Without NULLs, as DuckDB holds them. The field is private in its types, yet the only way without a call for each cell. */
function numbersOf(chunk: DuckDBDataChunk, column: number): ArrayLike<number> {
  return (chunk.getColumnVector(column) as unknown as { items: Int32Array | Float64Array }).items;
}

/** Is given rows in order. */
class Places {
  readonly #rows: Int32Array;
  readonly #times: Float64Array;
  readonly #cells: Float64Array[];
  readonly #starts: number[] = [];
  #count = 0;
  #series = -1;
  #lastOwn = 1;
  #placedOwn = 0;

  constructor(columns: number, most: number) {
    this.#rows = new Int32Array(most);
    this.#times = new Float64Array(most);
    this.#cells = Array.from({ length: columns }, () => new Float64Array(most));
  }

  /** The number of a row that has the series and the time of another one of its source; null where all is well. */
  add(read: readonly ArrayLike<number>[], at: number): number | null {
    const [row, own, time, series] = [read[0]![at]!, read[1]![at]!, read[2]![at]!, read[3]![at]!];
    this.#placedOwn += own;
    const isNew = series !== this.#series;
    if (isNew) {
      this.#series = series;
      this.#starts.push(this.#count);
    }
    const isAgain = !isNew && this.#times[this.#count - 1] === time;
    if (isAgain && own === this.#lastOwn) return row;
    // Sorted by source: the earlier table's row stands first, and gives its place to the file's.
    const place = isAgain ? this.#count - 1 : this.#count++;
    this.#rows[place] = row;
    this.#times[place] = time;
    for (let column = 0; column < this.#cells.length; column++) {
      const cell = finite(read[4 + column]![at]!);
      if (!isAgain || !Number.isNaN(cell)) this.#cells[column]![place] = cell;
    }
    this.#lastOwn = own;
    return null;
  }

  finish(columns: readonly string[], rows: number): TimedSeries {
    const count = this.#count;
    return {
      rowNumbers: this.#rows.slice(0, count),
      starts: Int32Array.from([...this.#starts, count]),
      times: this.#times.slice(0, count),
      values: new Map(columns.map((name, at) => [name, this.#cells[at]!.slice(0, count)])),
      unplaced: rows - this.#placedOwn,
      rows,
    };
  }
}

function finite(cell: number): number {
  return Number.isFinite(cell) ? cell : Number.NaN;
}

async function duplicateError(
  connection: DuckDBConnection,
  { own, earlier, key }: Pick<SeriesOrder, 'own' | 'earlier' | 'key'>,
  row: number,
): Promise<ModelkeepError> {
  const source = row >= 0 ? own : earlier!;
  const number = row >= 0 ? row : -1 - row;
  const names = [key.timeColumn, ...key.entityColumns];
  const fields = names.map((name, at) => `CAST(${quoteName(name)} AS VARCHAR) AS c${at}`);
  const sql = `SELECT * FROM (SELECT ${source.rowNumber} AS number, ${fields.join(', ')} FROM ${source.relation}) WHERE number = ${number}`;
  const [found] = await (await connection.run(sql)).getRowObjectsJS();
  const cells = names.map((name, at) => `${name} = ${String(found?.[`c${at}`] ?? '')}`);
  return new ModelkeepError('MK_FEATURES_HISTORY_DUPLICATE', { file: source.name, row: number + 1, key: cells.join(', ').slice(0, 200) });
}
