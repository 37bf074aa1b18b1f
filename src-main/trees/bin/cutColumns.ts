import { task } from '../grow/tasks.ts';
import type { TreePool } from '../TreePool.ts';
import type { TreeMatrix } from './TreeMatrix.ts';

/** Rows that quantiles are taken from, as in LightGBM. */
const sampleRows = 200_000;
const batchBytes = 2 ** 26;
const countBytes = 8192;

export interface ColumnCuts {
  cuts: Float32Array;
  /** Some row of the whole matrix lacks a value. */
  missing: boolean;
}

/** Cut points of numeric columns, by all rows or an even sample of them. */
export function cutColumns(
  pool: TreePool,
  matrix: TreeMatrix,
  features: readonly number[],
  { maxBins, seed }: { maxBins: number; seed: number },
): ColumnCuts[] {
  const { rows, width, data } = matrix;
  const sample = chooseRows(rows, seed);
  const found: ColumnCuts[] = [];
  const batch = Math.max(1, Math.min(features.length, Math.floor(batchBytes / (4 * sample.length))));
  for (let first = 0; first < features.length; first += batch) {
    const here = features.slice(first, first + batch);
    const columns = pool.take(4 * sample.length * here.length);
    const scratchSize = countBytes + 4 * Math.ceil(sample.length / 16) * 16;
    const scratch = pool.take(scratchSize * pool.threads);
    const cuts = pool.take(1024 * here.length);
    const counts = pool.take(4 * here.length);
    gather(pool, { width, data }, { sample, features: here, columns });
    pool.run(task.cuts, here.length, [columns, sample.length, scratch, scratchSize, maxBins, cuts, counts], sample.length < 2000);
    for (let at = 0; at < here.length; at++)
      found.push({ cuts: pool.floatsAt(cuts + 1024 * at, pool.words[(counts >> 2) + at]!).slice(), missing: false });
    pool.giveBack(columns);
  }
  markMissing(matrix, features, found);
  return found;
}

/** Bytes of the pool that this takes for a while. */
export function cutBytes(rows: number, width: number, threads: number): number {
  const sample = Math.min(rows, sampleRows);
  const batch = Math.max(1, Math.min(width, Math.floor(batchBytes / (4 * sample))));
  return (4 * sample + 1028) * batch + threads * (countBytes + 4 * sample + 64) + 4096;
}

/** One row out of each of 200,000 equal stretches. */
function chooseRows(rows: number, seed: number): Int32Array {
  if (rows <= sampleRows) return Int32Array.from({ length: rows }, (_, row) => row);
  const chosen = new Int32Array(sampleRows);
  let state = (seed ^ 0x9e37_79b9) >>> 0;
  for (let at = 0; at < sampleRows; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    chosen[at] = Math.min(rows - 1, Math.floor(((at + state / 2 ** 32) * rows) / sampleRows));
  }
  return chosen;
}

function gather(
  pool: TreePool,
  { width, data }: Pick<TreeMatrix, 'width' | 'data'>,
  { sample, features, columns }: { sample: Int32Array; features: readonly number[]; columns: number },
): void {
  const { floats } = pool;
  const start = columns >> 2;
  const rows = sample.length;
  // Blocks of rows stay in the cache while column after column is written.
  for (let first = 0; first < rows; first += 256) {
    const end = Math.min(rows, first + 256);
    for (let at = 0; at < features.length; at++) {
      const feature = features[at]!;
      const column = start + at * rows;
      for (let row = first; row < end; row++) floats[column + row] = data[sample[row]! * width + feature]!;
    }
  }
}

/** Only columns without any cut need it: a constant with gaps is worth a slot, one without is not. */
function markMissing({ rows, width, data }: TreeMatrix, features: readonly number[], found: ColumnCuts[]): void {
  for (const [index, column] of found.entries()) {
    if (column.cuts.length > 0) continue;
    let [known, missing] = [false, false];
    for (let row = 0, at = features[index]!; row < rows && !(known && missing); row++, at += width) {
      const isMissing = Number.isNaN(data[at]);
      if (isMissing) missing = true;
      else known = true;
    }
    column.missing = known && missing;
  }
}
