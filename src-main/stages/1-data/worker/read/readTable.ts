import type { Column } from '../../../../../src-shared/domain/table.ts';
import type { Reason } from '../detect/dialect.ts';

/** What every reader leaves: a Parquet file in the temporary folder, and what has to be said about it. */
export interface ReadTable {
  file: string;
  rows: number;
  /** Text columns are `category` until the profile has counted their values. */
  columns: (Column & { chosen: boolean })[];
  warnings: Reason[];
  rowsSetAside: number;
}
