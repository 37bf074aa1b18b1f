import type { KernelMemory, SharedKernelMemory } from '../../../kernels/KernelMemory.ts';
import { paddedLength } from '../../../kernels/KernelMemory.ts';
import type { TrainingKernels, Vector } from '../../../kernels/trainingKernels.ts';
import type { RowGradient } from '../../5-emit/rowGradients.ts';

/** Rows of gradients as one part of a batch gives them: all tables one after the other, each padded. */
export interface RowPart {
  readonly rows: Float32Array;
  /** Which row of the table each is. */
  readonly indices: Int32Array;
}

/** Gradients of parameters that are 0 but for some rows: these are added up in the first part's flat gradient. */
export class RowTables {
  /** By part, in the order in which they are added. */
  readonly parts: readonly RowPart[];
  readonly #tables: readonly {
    readonly table: Vector;
    readonly width: number;
    readonly parts: readonly RowPart[];
    readonly written: Int32Array;
  }[];
  #isWritten = false;

  /** Takes `rowTableNumbers` of the memory. `views`: the first part's gradients by parameter, zeros. */
  constructor(
    memory: KernelMemory | SharedKernelMemory,
    tables: readonly RowGradient[],
    views: ReadonlyMap<string, Vector>,
    parts: number,
  ) {
    const { rows, indices } = rowPartLengths(tables);
    this.parts = Array.from({ length: parts }, () => ({ rows: memory.vector(rows), indices: memory.integers(indices) }));
    const byPart = this.parts.map((part) => rowViews(tables, part));
    this.#tables = tables.map(({ parameter, width, rows: count }) => ({
      table: views.get(parameter)!,
      width,
      parts: byPart.map((each) => each.get(parameter)!),
      written: memory.integers(parts * count),
    }));
  }

  /** The rows of all parts, one after the other. `overwritten`: somebody wrote over the tables since the last time. */
  addUp(kernels: TrainingKernels, overwritten: boolean): void {
    for (const { table, width, parts, written } of this.#tables) {
      if (overwritten) table.fill(0);
      else if (this.#isWritten) kernels.clearRows(table, width, written);
      let next = 0;
      for (const { rows, indices } of parts) {
        kernels.addRows(table, width, rows, indices);
        written.set(indices, next);
        next += indices.length;
      }
    }
    this.#isWritten = true;
  }
}

/** Numbers of the kernel memory that `RowTables` takes. */
export function rowTableNumbers(tables: readonly RowGradient[], parts: number): number {
  const { rows, indices } = rowPartLengths(tables);
  return parts * (rows + indices) + tables.reduce((sum, each) => sum + paddedLength(parts * each.rows), 0);
}

export function rowPartLengths(tables: readonly RowGradient[]): { rows: number; indices: number } {
  return {
    rows: tables.reduce((sum, { rows, width }) => sum + paddedLength(rows * width), 0),
    indices: tables.reduce((sum, { rows }) => sum + paddedLength(rows), 0),
  };
}

export function copyRows(from: RowPart, into: RowPart): void {
  into.rows.set(from.rows);
  into.indices.set(from.indices);
}

/** Views by parameter of what a part writes. */
export function rowViews(tables: readonly RowGradient[], part: RowPart): Map<string, RowPart> {
  let [row, index] = [0, 0];
  return new Map(
    tables.map(({ parameter, rows, width }) => {
      const view = { rows: part.rows.subarray(row, row + rows * width), indices: part.indices.subarray(index, index + rows) };
      row += paddedLength(rows * width);
      index += paddedLength(rows);
      return [parameter, view];
    }),
  );
}
