// Rows that hold whole files: appended in small parts, so that neither the engine nor this process holds more than one part.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBAppender } from '@duckdb/node-api';
import { copyToParquet } from '../engine.ts';
import { quoteList } from '../sql.ts';
import type { ReadContext } from './context.ts';

export type FolderCell = string | number | Uint8Array | null;

const partBytes = 32 * 1024 * 1024;
const partRows = 20_000;

export class FolderTable {
  readonly #context: ReadContext;
  readonly #columns: readonly { name: string; type: 'VARCHAR' | 'BLOB' | 'INTEGER' }[];
  #appender: DuckDBAppender | null = null;
  #parts: string[] = [];
  #bytes = 0;
  #rows = 0;
  #groupRows = partRows;

  constructor(context: ReadContext, columns: readonly { name: string; type: 'VARCHAR' | 'BLOB' | 'INTEGER' }[]) {
    this.#context = context;
    this.#columns = columns;
  }

  async append(cells: readonly FolderCell[]): Promise<void> {
    if (!this.#appender) {
      await this.#context.engine.run(
        `CREATE OR REPLACE TABLE part (${this.#columns.map(({ name, type }) => `"${name}" ${type}`).join(', ')})`,
      );
      this.#appender = await this.#context.engine.connection.createAppender('part');
    }
    const appender = this.#appender;
    for (const cell of cells) {
      if (cell === null) appender.appendNull();
      else if (typeof cell === 'string') {
        appender.appendVarchar(cell);
        this.#bytes += cell.length * 2;
      } else if (typeof cell === 'number') appender.appendInteger(cell);
      else {
        appender.appendBlob(cell);
        this.#bytes += cell.length;
      }
    }
    appender.endRow();
    this.#rows++;
    if (this.#bytes >= partBytes || this.#rows >= partRows) {
      // The smallest full part is what 32 MB hold; the last one says nothing.
      this.#groupRows = Math.min(this.#groupRows, this.#rows);
      await this.#flush();
    }
  }

  /** The finished Parquet file; row groups of about 32 MB, which is what a reader then holds. */
  async finish(file: string): Promise<void> {
    if (this.#rows > 0) await this.#flush();
    const rowGroupRows = Math.max(1, this.#groupRows);
    const select = `SELECT ${this.#columns.map(({ name, type }) => (type === 'INTEGER' ? `CAST("${name}" AS BIGINT) AS "${name}"` : `"${name}"`)).join(', ')} FROM read_parquet(${quoteList(this.#parts)})`;
    await this.#context.engine.run(copyToParquet(select, file, { rowGroupRows }), { signal: this.#context.signal });
    for (const part of this.#parts) await rm(part, { force: true });
  }

  async #flush(): Promise<void> {
    this.#appender!.closeSync();
    this.#appender = null;
    const part = join(this.#context.tmp, `part-${this.#parts.length}.parquet`);
    await this.#context.engine.run(copyToParquet('SELECT * FROM part', part), { signal: this.#context.signal });
    await this.#context.engine.run('DROP TABLE part');
    this.#parts.push(part);
    this.#rows = 0;
    this.#bytes = 0;
  }
}
