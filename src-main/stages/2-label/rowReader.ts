import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { Cell, DatasetVersion } from '../../../src-shared/domain/table.ts';

/** What labelling needs from the data stage, and no more. */
export interface RowReader {
  /** Throws MK_NOT_FOUND when the dataset or the version does not exist. */
  version(ref: VersionRef): DatasetVersion;
  /** The whole rows at these positions (from 0), in the same order, by column name; images are null. */
  rowsAt(ref: VersionRef, rows: number[]): Promise<Record<string, Cell>[]>;
}
