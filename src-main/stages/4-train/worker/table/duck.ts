// DuckDB inside the worker: reads our Parquet blobs and the files that a prediction was asked for, and nothing from elsewhere.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

export interface DuckOptions {
  memoryMb?: number;
  threads?: number;
  /** For spilling. */
  tmp?: string;
}

export interface Duck extends Disposable {
  connection: DuckDBConnection;
}

export async function openDuck({ memoryMb = 1024, threads = 2, tmp }: DuckOptions = {}): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MiB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(tmp === undefined ? {} : { temp_directory: tmp }),
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    [Symbol.dispose]: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`.replaceAll('\0', "' || chr(0) || '");
}

/** A Parquet file with the numbers of its rows, from 0. */
export function parquetRows(file: string): string {
  return `read_parquet(${quoteText(file)}, file_row_number = true)`;
}
