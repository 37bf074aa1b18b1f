import type { KernelMemory, SharedKernelMemory } from '../../../kernels/KernelMemory.ts';
import { paddedLength } from '../../../kernels/KernelMemory.ts';
import type { TrainingKernels, Vector } from '../../../kernels/trainingKernels.ts';
import type { LiveRows } from '../../optimizers/defineOptimizer.ts';
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
    readonly parameter: string;
    /** Rows that were ever met, and which these are. */
    readonly live: Int32Array;
    readonly isLive: Uint8Array;
    count: number;
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
    this.#tables = tables.map(({ parameter, width, rows: count }) => {
      const table = views.get(parameter)!;
      return {
        parameter,
        table,
        width,
        parts: byPart.map((each) => each.get(parameter)!),
        written: memory.integers(parts * count),
        live: memory.integers(table.length / width),
        isLive: new Uint8Array(table.length / width),
        count: 0,
      };
    });
  }

  /** The rows of all parts, one after the other. `overwritten`: somebody wrote over the tables since the last time. */
  addUp(kernels: TrainingKernels, overwritten: boolean): void {
    for (const each of this.#tables) {
      const { table, width, parts, written } = each;
      if (overwritten) table.fill(0);
      else if (this.#isWritten) kernels.clearRows(table, width, written);
      let next = 0;
      for (const { rows, indices } of parts) {
        kernels.addRows(table, width, rows, indices);
        written.set(indices, next);
        next += indices.length;
        for (const index of indices) markLive(each, index < 0 ? index + each.isLive.length : index);
      }
    }
    this.#isWritten = true;
  }

  /** Rows of the parameter that may have a gradient or state. */
  live(parameter: string): LiveRows {
    const { live, count, width } = this.#tables.find((each) => each.parameter === parameter)!;
    return { rows: live.subarray(0, count), width };
  }

  /** The optimizer's state was written from outside: rows where some of it is not 0 are live. */
  findLive(state: ReadonlyMap<string, readonly Vector[]>): void {
    for (const each of this.#tables) {
      each.isLive.fill(0);
      each.count = 0;
      for (let row = 0; row < each.isLive.length; row++) {
        const isNumber = (values: Vector): boolean =>
          values.subarray(row * each.width, (row + 1) * each.width).some((value) => value !== 0);
        if ((state.get(each.parameter) ?? []).some(isNumber)) markLive(each, row);
      }
    }
  }
}

function markLive(table: { readonly live: Int32Array; readonly isLive: Uint8Array; count: number }, row: number): void {
  if (table.isLive[row]) return;
  table.isLive[row] = 1;
  table.live[table.count++] = row;
}

/** Numbers of the kernel memory that `RowTables` takes. */
export function rowTableNumbers(tables: readonly RowGradient[], parts: number): number {
  const { rows, indices } = rowPartLengths(tables);
  const lists = tables.reduce((sum, each) => sum + paddedLength(parts * each.rows) + paddedLength(each.tableRows), 0);
  return parts * (rows + indices) + lists;
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
