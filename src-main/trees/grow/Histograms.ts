import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';
import { align, type TreePool } from '../TreePool.ts';
import { chunkRows, scratchByte, scratchBytes, task } from './tasks.ts';
import type { OpenLeaf } from './openLeaf.ts';

/** Histograms of leaves kept at once take no more than this: beyond, the leaf that gains least counts again when its turn comes. */
const keptBytes = 2 ** 28;
/** A slot with all bins. */
const slotBytes = 2112;
const sharedRows = 4096;
/** Below this share of the rows they are brought near first, when the matrix does not fit a cache anyway. */
const farShare = 0.3;
const nearBytes = 2 ** 19;
const blockRows = 64;

/** The histograms of the leaves of one tree, and how they are counted. */
export class Histograms {
  readonly #pool: TreePool;
  readonly #binned: BinnedMatrix;
  readonly #bytes: number;
  readonly #copies: number;
  readonly #all: number[];
  #free: number[] = [];
  #packed = 0;
  #order = 0;

  constructor(pool: TreePool, binned: BinnedMatrix, leaves: number) {
    this.#pool = pool;
    this.#binned = binned;
    this.#bytes = align(Math.max(16, binned.layout.histogramBytes));
    const count = keptCount(this.#bytes, leaves);
    const first = pool.take(this.#bytes * count);
    this.#all = Array.from({ length: count }, (_, at) => first + (count - 1 - at) * this.#bytes);
    // Thread 0 counts where the result is to be.
    this.#copies = pool.take(this.#bytes * pool.threads);
  }

  static bytes(width: number, leaves: number, threads: number): number {
    const bytes = align(Math.ceil(width / 4) * 4 * slotBytes);
    return bytes * (keptCount(bytes, leaves) + threads);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get copies(): number {
    return this.#copies;
  }

  start(packed: number, order: number): void {
    this.#packed = packed;
    this.#order = order;
    this.#free = this.#all.slice();
  }

  /** Room for one more, if need be from the open leaf that gains least; not from `except`. */
  take(open: readonly OpenLeaf[], except?: OpenLeaf): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    let least: OpenLeaf | undefined;
    for (const leaf of open)
      if (leaf.histogram && leaf !== except && (!least || (leaf.split?.gain ?? 0) < (least.split?.gain ?? 0))) least = leaf;
    const taken = least!.histogram;
    least!.histogram = 0;
    return taken;
  }

  giveBack(leaf: OpenLeaf): void {
    if (leaf.histogram) this.#free.push(leaf.histogram);
    leaf.histogram = 0;
  }

  /** Counts the rows of a leaf; returns which threads have a part of it in their copies. */
  count({ from, to, histogram }: OpenLeaf, whole: boolean): number {
    const { rows, rowBins, layout } = this.#binned;
    const { rowBytes, wideGroups, groups, groupsEnd } = layout;
    const count = to - from;
    const isFar = count < farShare * rows && rows * rowBytes > nearBytes && blockRows * (rowBytes + 24) <= scratchBytes;
    if (count < sharedRows || this.#pool.team.threads === 1) {
      const { kernels } = this.#pool;
      kernels.clear(histogram, this.#bytes);
      const list = this.#order + from * 4;
      if (whole) kernels.rangeHistogram(rowBins, rowBytes, this.#packed, from, to, histogram, wideGroups, groups, groupsEnd);
      else if (isFar)
        kernels.gatherHistogramFar(rowBins, rowBytes, this.#packed, list, count, histogram, wideGroups, groups, groupsEnd, scratchByte);
      else kernels.gatherHistogram(rowBins, rowBytes, this.#packed, list, count, histogram, wideGroups, groups, groupsEnd);
      return 1;
    }
    const size = chunkRows(count);
    const values = [
      whole ? 0 : isFar ? 2 : 1,
      from,
      to,
      rowBins,
      rowBytes,
      this.#packed,
      this.#order,
      histogram,
      this.#bytes,
      this.#copies,
    ];
    this.#pool.run(task.histogram, Math.ceil(count / size), [...values, wideGroups, groups, groupsEnd, size]);
    const { touched } = this.#pool.team;
    // All chunks went to other threads.
    if (!(touched & 1)) this.#pool.kernels.clear(histogram, this.#bytes);
    return touched;
  }

  /** Adds the copies of other threads at once. */
  mergeNow(histogram: number, touched: number): number {
    if (touched > 1) this.#pool.kernels.combineHistograms(histogram, this.#copies, this.#bytes, touched, 0, 0, this.#bytes);
    return histogram;
  }
}

function keptCount(bytes: number, leaves: number): number {
  return Math.min(leaves + 1, Math.max(4, Math.floor(keptBytes / bytes)));
}
