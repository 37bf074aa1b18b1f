// What the core may ask of the data worker, and what it gets back. The worker's main.ts implements exactly this table.
import type { Cell, Column, DatasetVersion, ImportOptions, TableProfile, VersionDiff } from '../../../src-shared/domain/table.ts';
import type { Parsed, Result } from '../../../src-shared/rpc/contract.ts';

export type ImportWarning = Result<'data.get'>['warnings'][number];

/** Where the worker may put unfinished files: a folder of its own in the workspace's `tmp`. */
interface WithScratch {
  tmp: string;
}

/** A stored version as the worker sees it: a Parquet file and what its columns mean. */
export interface StoredTable {
  file: string;
  rows: number;
  columns: Column[];
}

/** A finished table that waits to be stored. */
export interface FinishedTable {
  /** Parquet, in `tmp`. */
  file: string;
  kind: DatasetVersion['kind'];
  format: DatasetVersion['source']['format'];
  /** With everything that was detected filled in. */
  options: ImportOptions;
  rows: number;
  columns: Column[];
  rowsSetAside: number;
  warnings: ImportWarning[];
  profile: TableProfile;
}

export interface DataOperations {
  preview(params: WithScratch & Parsed<'data.preview'>): Result<'data.preview'>;
  /** Files or folders to one Parquet file with its profile. Reports progress with the note keys `reading typing writing profiling`. */
  import(params: WithScratch & { files: string[]; options: ImportOptions }): FinishedTable;
  /** The same rows with other types. */
  retype(
    params: WithScratch & { table: StoredTable; types: Record<string, Column['type']> },
  ): Pick<FinishedTable, 'file' | 'rows' | 'columns' | 'profile' | 'warnings'>;
  /** The rows of a version and behind them those of a file of JSON lines, whose members c0, c1 … are texts in the order of the columns. */
  appendRows(
    params: WithScratch & { table: StoredTable; rowsFile: string },
  ): Pick<FinishedTable, 'file' | 'rows' | 'columns' | 'profile' | 'rowsSetAside'>;
  /** Profiles a Parquet file that came from elsewhere in the product (e.g. stored requests with their truth). */
  profile(params: WithScratch & { table: StoredTable }): TableProfile;
  rows(
    params: WithScratch & { table: StoredTable } & Pick<Parsed<'data.rows'>, 'offset' | 'limit' | 'sort' | 'filter'>,
  ): Result<'data.rows'>;
  /** Whole rows by position, in the order asked; images are null. Error: MK_DATA_NO_SUCH_ROW. */
  rowsAt(params: WithScratch & { table: StoredTable; rows: number[] }): Record<string, Cell>[];
  /** A SELECT in which `{table}` stands for the version. Integers as numbers, dates as ISO text. Error: MK_DATA_QUERY. */
  query(params: WithScratch & { table: StoredTable; sql: string }): Record<string, unknown>[];
  /** One image as it was imported. Errors: MK_DATA_NO_SUCH_ROW, MK_DATA_COLUMN_UNKNOWN. */
  image(params: WithScratch & { table: StoredTable; row: number; column?: string | undefined }): {
    bytes: Uint8Array;
    mime: string;
    width: number;
    height: number;
  };
  diff(
    params: WithScratch & { before: StoredTable & { profile: TableProfile }; after: StoredTable & { profile: TableProfile } },
  ): VersionDiff;
  /** Durable: temporary file beside the target, synced, renamed. */
  export(params: WithScratch & { table: StoredTable; format: 'csv' | 'parquet'; target: string }): { sizeBytes: number };
}

export type DataOperation = keyof DataOperations;
/** What the caller gives; the scratch folder is added on the way. */
export type OperationParams<O extends DataOperation> = Omit<Parameters<DataOperations[O]>[0], 'tmp'>;
export type OperationAnswer<O extends DataOperation> = ReturnType<DataOperations[O]>;
