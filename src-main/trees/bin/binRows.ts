import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { task } from '../grow/tasks.ts';
import type { TreePool } from '../TreePool.ts';
import type { BinnedMatrix, Slot } from './BinnedMatrix.ts';
import { countCategories } from './categories.ts';
import { cutColumns } from './cutColumns.ts';
import { layOut } from './layOut.ts';
import type { TreeMatrix } from './TreeMatrix.ts';

export interface BinOptions {
  pool: TreePool;
  /** 1 for features that hold category codes; default: none. */
  categorical?: Uint8Array;
  /** Most bins of a number, 2 … 255; default 255. Missing values have one more. */
  maxBins?: number;
  /** Below so many categories each is tried alone against the others, else subsets; default 4 (LightGBM counts one bin more). */
  maxCatToOnehot?: number;
  /** Of the sample that quantiles are taken from. */
  seed?: number;
}

/** Bytes of values that wait to be put into bins: enough for all threads, little beside the table. */
const slabBytes = 2 ** 22;

/**
 * Puts the rows of a matrix into bins: numbers between cut points (each distinct value its own bin when there are at most
 * `maxBins`, else equal counts in a sample of 200,000 rows), categories each their own, the most frequent 254 of them. Constant
 * features get no place at all. The pool keeps what is taken: `giveBack` undoes it.
 */
export function binRows(matrix: TreeMatrix, options: BinOptions): BinnedMatrix {
  const { pool, maxBins = 255, maxCatToOnehot = 4, seed = 0 } = options;
  const categorical = options.categorical ?? new Uint8Array(matrix.width);
  check(matrix, categorical, maxBins);
  const numbers = [...categorical.keys()].filter((feature) => !categorical[feature]);
  const cuts = cutColumns(pool, matrix, numbers, { maxBins, seed });
  const found: Omit<Slot, 'offset'>[] = [];
  for (const [at, feature] of numbers.entries())
    if (cuts[at]!.cuts.length > 0 || cuts[at]!.missing)
      found.push({ feature, kind: 'number', bins: cuts[at]!.cuts.length + 2, cuts: cuts[at]!.cuts, codes: new Int32Array() });
  const categories = [...categorical.keys()].filter((feature) => categorical[feature]);
  const counted = countCategories(matrix, categories);
  for (const [at, feature] of categories.entries())
    if (counted[at]!.length > 1 || (counted[at]!.length === 1 && hasOther(matrix, feature, counted[at]![0]!)))
      found.push({ feature, kind: 'category', bins: counted[at]!.length + 2, cuts: new Float32Array(), codes: counted[at]! });
  const layout = layOut(pool, found, maxCatToOnehot);
  return fillBins(matrix, { pool, layout, categorical, forGrowing: true });
}

/** Other rows in the same bins, to be scored only: for validation. */
export function binLike(matrix: TreeMatrix, { layout, categorical, width }: BinnedMatrix, pool: TreePool): BinnedMatrix {
  if (matrix.width !== width) throw invalid(`the rows have ${matrix.width} features, those of training ${width}`);
  check(matrix, categorical, 2);
  return fillBins(matrix, { pool, layout, categorical, forGrowing: false });
}

/** Bytes of the pool that `binRows` (and `binLike`) keep for good, and those it needs meanwhile. */
export function binBytes(rows: number, width: number, forGrowing: boolean): { kept: number; meanwhile: number } {
  const rowBytes = Math.ceil(width / 4) * 4;
  const tables = forGrowing ? width * (1024 + 24 + 16 + 128) + 8 * width + 4096 : 0;
  return { kept: rows * (rowBytes + (forGrowing ? width : 0)) + tables + 1024, meanwhile: Math.max(slabBytes, 4 * width) + 64 * 1024 };
}

function fillBins(
  { rows, width, data }: TreeMatrix,
  {
    pool,
    layout,
    categorical,
    forGrowing,
  }: { pool: TreePool; layout: BinnedMatrix['layout']; categorical: Uint8Array; forGrowing: boolean },
): BinnedMatrix {
  const columnBytes = forGrowing ? rows : 0;
  // Kernels read whole vectors, up to 16 bytes beyond the last row.
  const rowBins = pool.take(rows * layout.rowBytes + 64);
  const columnBins = forGrowing ? pool.take(columnBytes * layout.slots.length + 64) : 0;
  const slabRows = Math.max(1, Math.min(rows, Math.floor(slabBytes / (4 * width))));
  const slab = pool.take(4 * width * slabRows);
  const unwanted = forGrowing ? 0 : pool.take(slabRows);
  // The last group may have fewer than 4 slots: its other bytes are bins of cells that nobody reads.
  if (layout.rowBytes > layout.slots.length) pool.bytes.fill(0, rowBins, rowBins + rows * layout.rowBytes);
  for (let first = 0; first < rows; first += slabRows) {
    const count = Math.min(slabRows, rows - first);
    pool.floats.set(data.subarray(first * width, (first + count) * width), slab >> 2);
    const columns = forGrowing ? columnBins : unwanted - first;
    const size = Math.max(64, Math.ceil(count / 64));
    const values = [slab, width, count, layout.binTable, layout.slots.length, first, columns, columnBytes, rowBins, layout.rowBytes, size];
    pool.run(task.bin, Math.ceil(count / size), values, count < 4096);
  }
  pool.giveBack(slab);
  return { rows, width, categorical, layout, rowBins, columnBins, columnBytes };
}

/** Whether any row has something else than the one category that was counted. */
function hasOther({ rows, width, data }: TreeMatrix, feature: number, code: number): boolean {
  for (let row = 0, at = feature; row < rows; row++, at += width) if (data[at] !== code) return true;
  return false;
}

function check({ rows, width, data }: TreeMatrix, categorical: Uint8Array, maxBins: number): void {
  if (rows < 1 || width < 1) throw invalid('there are no rows or no features');
  if (data.length !== rows * width) throw invalid(`${data.length} values are not ${rows} rows of ${width}`);
  if (categorical.length !== width) throw invalid('each feature must be told a number or a category');
  if (!(maxBins >= 2 && maxBins <= 255)) throw invalid('maxBins must be 2 to 255');
}

function invalid(what: string): ModelkeepError {
  return new ModelkeepError('MK_TREES_INPUT_INVALID', { what });
}
