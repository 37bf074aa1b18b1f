import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { parquetRows, quoteText } from '../worker/table/duck.ts';

/** A Parquet file by its row groups: they are what can be read alone. */
export class RowGroups {
  readonly #connection: DuckDBConnection;
  readonly #file: string;
  /** First row of each group, and the number of rows. */
  readonly #starts: Float64Array;
  readonly columns: ReadonlySet<string>;

  private constructor(connection: DuckDBConnection, file: string, starts: Float64Array, columns: ReadonlySet<string>) {
    this.#connection = connection;
    this.#file = file;
    this.#starts = starts;
    this.columns = columns;
  }

  /** Throws MK_FILE_UNREADABLE. */
  static async open(connection: DuckDBConnection, file: string): Promise<RowGroups> {
    try {
      const source = `FROM parquet_metadata(${quoteText(file)})`;
      const groups = await connection.runAndReadAll(
        `SELECT any_value(row_group_num_rows)::INTEGER ${source} GROUP BY row_group_id ORDER BY row_group_id`,
      );
      const columns = await connection.runAndReadAll(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${parquetRows(file)})`);
      const starts = [0];
      for (const [rows] of groups.getRows()) starts.push(starts.at(-1)! + Number(rows));
      return new RowGroups(connection, file, Float64Array.from(starts), new Set(columns.getRows().map(([name]) => String(name))));
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  get rowCount(): number {
    return this.#starts.at(-1)!;
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** The group that holds a row. */
  of(row: number): number {
    let [low, high] = [0, this.count];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Reads those rows of a group whose number leaves `part` when divided by `parts`, chunk by chunk: column 0 is the row's number (INTEGER). */
  async read(
    group: number,
    {
      expressions,
      part,
      parts,
      take,
    }: { expressions: readonly string[]; part: number; parts: number; take: (chunk: DuckDBDataChunk) => void },
  ): Promise<void> {
    const [first, last] = [this.#starts[group]!, this.#starts[group + 1]! - 1];
    // DuckDB skips the other groups by the range of row numbers.
    const mine = parts === 1 ? '' : ` AND file_row_number % ${parts} = ${part}`;
    const sql = `SELECT file_row_number::INTEGER, ${expressions.join(', ')} FROM ${parquetRows(this.#file)} WHERE file_row_number BETWEEN ${first} AND ${last}${mine}`;
    try {
      const result = await this.#connection.stream(sql);
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) take(chunk);
    } catch (error) {
      throw error instanceof ModelkeepError ? error : unreadable(this.#file, error);
    }
  }
}

function unreadable(file: string, error: unknown): ModelkeepError {
  const reason = (error as Error).message.split('\n')[0]!;
  return new ModelkeepError('MK_FILE_UNREADABLE', { file, reason }, { cause: error });
}
