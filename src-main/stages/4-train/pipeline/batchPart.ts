import type { RowArray } from '../../../compiler/index.ts';

/** The rows of a batch that one thread loads. */
export interface BatchPart {
  readonly rows: readonly PartRow[];
  /** Arrays of the whole batch. */
  readonly into: Readonly<Record<string, RowArray>>;
  /** Of the epoch. */
  readonly key: number;
}

export interface PartRow {
  /** In the batch. */
  readonly place: number;
  /** Number in the training: random choices follow from it. */
  readonly row: number;
  /** Number in the file, for messages. */
  readonly fileRow: number;
  /** Number among the rows of this thread. */
  readonly slot: number;
}
