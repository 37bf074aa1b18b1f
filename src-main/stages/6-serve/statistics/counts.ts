// How many values of a window fall into each bin of a reference distribution: all that drift needs, and no value of any row.
import { categoryBin, numericBin, textLength } from '../../../../src-shared/domain/reference.ts';
import type { ReferenceColumn } from '../../../../src-shared/domain/training.ts';

export interface ColumnCounts {
  name: string;
  /** Rows looked at, missing ones included. */
  rows: number;
  missing: number;
  /** Values never seen in training; null where that cannot be told (numbers, text). */
  unseen: number | null;
  /** One per bin of the reference. */
  bins: number[];
}

export interface Counts {
  columns: ColumnCounts[];
  prediction: ColumnCounts | null;
}

/** Puts values into the bins of one reference column. Missing is null, NaN or ''. */
export class ColumnCounter {
  readonly counts: ColumnCounts;
  readonly #reference: ReferenceColumn;
  readonly #seen: ReadonlySet<string> | null;

  /** `categories`: all values seen in training, where the signature lists them. */
  constructor(reference: ReferenceColumn, categories: readonly string[] | null) {
    this.#reference = reference;
    const isCategorical = reference.kind === 'categorical';
    this.#seen = isCategorical && categories ? new Set(categories) : null;
    this.counts = {
      name: reference.name,
      rows: 0,
      missing: 0,
      unseen: this.#seen ? 0 : null,
      bins: new Array<number>(reference.shares.length).fill(0),
    };
  }

  add(value: string | number | null): void {
    const { counts } = this;
    counts.rows++;
    if (value === null || value === '' || (typeof value === 'number' && Number.isNaN(value))) {
      counts.missing++;
      return;
    }
    const bin = this.#binOf(value);
    if (bin >= 0 && bin < counts.bins.length) counts.bins[bin]!++;
    if (this.#seen && !this.#seen.has(String(value))) counts.unseen!++;
  }

  #binOf(value: string | number): number {
    const { kind, edges, values } = this.#reference;
    if (kind === 'categorical') return categoryBin(values ?? [], String(value));
    if (kind === 'text') return numericBin(edges ?? [], textLength(String(value)));
    return numericBin(edges ?? [], Number(value));
  }
}

/** Sums of two windows counted against the same reference. */
export function addCounts(a: Counts, b: Counts): Counts {
  const columns = a.columns.map((column) => {
    const other = b.columns.find((each) => each.name === column.name);
    return other ? addColumns(column, other) : column;
  });
  return { columns, prediction: a.prediction && b.prediction ? addColumns(a.prediction, b.prediction) : (a.prediction ?? b.prediction) };
}

function addColumns(a: ColumnCounts, b: ColumnCounts): ColumnCounts {
  return {
    name: a.name,
    rows: a.rows + b.rows,
    missing: a.missing + b.missing,
    unseen: a.unseen === null || b.unseen === null ? null : a.unseen + b.unseen,
    bins: a.bins.map((count, bin) => count + (b.bins[bin] ?? 0)),
  };
}
