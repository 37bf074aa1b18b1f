import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';
import { align, type TreePool } from '../TreePool.ts';
import type { GrownNode, GrownTree } from './GrownTree.ts';
import { Histograms } from './Histograms.ts';
import type { OpenLeaf, PackedGradients, Split } from './openLeaf.ts';
import { SlotMasks } from './SlotMasks.ts';
import type { GrowSettings } from './settings.ts';
import { SplitSearch } from './SplitSearch.ts';
import { chunkCounts, chunkRows, partitionLookup, task } from './tasks.ts';

/** Rows below which threads cost more than they give. */
const sharedRows = 8192;
const noPath: ReadonlySet<number> = new Set();

/**
 * Grows trees leaf by leaf: the leaf whose best split gains most is split next. Only the smaller of two children is counted, the
 * larger is the parent without it. Takes its memory once, for any number of trees.
 */
export class TreeGrower {
  readonly #pool: TreePool;
  readonly #binned: BinnedMatrix;
  readonly #settings: GrowSettings;
  readonly #search: SplitSearch;
  readonly #histograms: Histograms;
  readonly #masks: SlotMasks;
  readonly #tracksPaths: boolean;
  /** Numbers of rows, u32: those of a leaf stand together. */
  readonly order: number;
  /** Room for a row number or a float32 a row each, free between two trees. */
  readonly left: number;
  readonly right: number;

  constructor(pool: TreePool, binned: BinnedMatrix, settings: GrowSettings) {
    this.#pool = pool;
    this.#binned = binned;
    this.#settings = settings;
    const listBytes = 4 * binned.rows + 64;
    this.order = pool.take(listBytes);
    this.left = pool.take(listBytes);
    this.right = pool.take(listBytes);
    this.#search = new SplitSearch(pool, binned, settings);
    this.#histograms = new Histograms(pool, binned, settings.numLeaves);
    this.#masks = new SlotMasks(pool, binned.layout, settings);
    this.#tracksPaths = settings.interactionConstraints.length > 0;
  }

  /** Bytes of the pool for so many rows of `width` features. */
  static bytes(rows: number, width: number, { numLeaves }: Pick<GrowSettings, 'numLeaves'>, threads: number): number {
    const lists = 3 * align(4 * rows + 64);
    return lists + SplitSearch.bytes(width) + Histograms.bytes(width, numLeaves, threads) + SlotMasks.bytes(width) + 1024;
  }

  /**
   * One tree from the first `rows` rows of the order (`whole`: all rows in their own order). Undefined when `shouldStop` says so;
   * it is asked now and then.
   */
  grow(
    gradients: PackedGradients,
    rows: number,
    { whole, seed, shouldStop }: { whole: boolean; seed: number; shouldStop: () => boolean },
  ): GrownTree | undefined {
    const { numLeaves } = this.#settings;
    const nodes: GrownNode[] = [];
    this.#search.start(gradients);
    this.#histograms.start(gradients.packed, this.order);
    this.#masks.startTree(seed);
    const root = this.#root(rows, whole);
    const open: OpenLeaf[] = [root];
    let worked = 0;
    while (open.length < numLeaves) {
      const best = bestOf(open);
      if (best < 0) break;
      const leaf = open[best]!;
      worked += leaf.to - leaf.from;
      if (worked > 2_000_000) {
        worked = 0;
        if (shouldStop()) return undefined;
      }
      const [left, right] = this.#divide(leaf, nodes);
      open[best] = left;
      open.push(right);
      this.#prepare(leaf, left, right, { last: open.length === numLeaves, nodes: nodes.length, open });
    }
    const unit = gradients.hessianUnit;
    for (const [at, leaf] of open.entries()) if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isRight ? 'right' : 'left'] = -1 - at;
    const leaves = open.map((leaf) => ({ from: leaf.from, to: leaf.to, output: this.#search.output(leaf), cover: leaf.hessian * unit }));
    return { nodes, leaves };
  }

  #root(rows: number, whole: boolean): OpenLeaf {
    const leaf: OpenLeaf = {
      from: 0,
      to: rows,
      depth: 0,
      gradient: 0,
      hessian: 0,
      histogram: this.#histograms.take([]),
      lower: -Infinity,
      upper: Infinity,
      penalty: this.#settings.lambdaL2,
      parent: -1,
      isRight: false,
      path: noPath,
      closed: undefined,
      split: undefined,
    };
    const touched = this.#histograms.count(leaf, whole);
    this.#search.sumRoot(leaf, this.#histograms.mergeNow(leaf.histogram, touched));
    if (this.#maySplit(leaf)) this.#search.find(leaf, undefined, { mask: this.#masks.of(0, 0, leaf), secondMask: 0, combine: undefined });
    return leaf;
  }

  #maySplit(leaf: OpenLeaf): boolean {
    const { maxDepth, minDataInLeaf, minSumHessianInLeaf } = this.#settings;
    const rows = leaf.to - leaf.from;
    return (
      (maxDepth <= 0 || leaf.depth < maxDepth) &&
      rows >= 2 * Math.max(1, minDataInLeaf) &&
      leaf.hessian * this.#search.hessianUnit >= 2 * minSumHessianInLeaf
    );
  }

  /** Moves the rows of a leaf apart and adds its node. */
  #divide(leaf: OpenLeaf, nodes: GrownNode[]): [OpenLeaf, OpenLeaf] {
    const split = leaf.split!;
    const at = nodes.length;
    const { missingRight, slot, bin, set } = split;
    nodes.push({ slot, bin, missingRight, set, left: 0, right: 0, gain: split.gain, cover: leaf.hessian * this.#search.hessianUnit });
    if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isRight ? 'right' : 'left'] = at;
    const middle = leaf.from + this.#partition(leaf, split);
    const path = this.#tracksPaths ? new Set([...leaf.path, slot]) : noPath;
    const shared = {
      depth: leaf.depth + 1,
      histogram: 0,
      lower: leaf.lower,
      upper: leaf.upper,
      penalty: split.penalty,
      parent: at,
      path,
      closed: leaf.closed,
      split: undefined,
    };
    const left: OpenLeaf = { ...shared, from: leaf.from, to: middle, gradient: split.gradient, hessian: split.hessian, isRight: false };
    const right: OpenLeaf = {
      ...shared,
      from: middle,
      to: leaf.to,
      gradient: leaf.gradient - split.gradient,
      hessian: leaf.hessian - split.hessian,
      isRight: true,
    };
    this.#search.bound(left, right, slot);
    return [left, right];
  }

  /** Histograms and splits of two new leaves. */
  #prepare(
    parent: OpenLeaf,
    left: OpenLeaf,
    right: OpenLeaf,
    { last, nodes, open }: { last: boolean; nodes: number; open: OpenLeaf[] },
  ): void {
    const histograms = this.#histograms;
    const [leftGoes, rightGoes] = [!last && this.#maySplit(left), !last && this.#maySplit(right)];
    if (!leftGoes && !rightGoes) return histograms.giveBack(parent);
    const [smaller, larger] = left.to - left.from < right.to - right.from ? [left, right] : [right, left];
    const [smallerGoes, largerGoes] = smaller === left ? [leftGoes, rightGoes] : [rightGoes, leftGoes];
    const masks = {
      mask: smallerGoes ? this.#masks.of(0, 2 * nodes, smaller) : 0,
      secondMask: largerGoes ? this.#masks.of(1, 2 * nodes + 1, larger) : 0,
    };
    smaller.histogram = histograms.take(open, parent);
    if (parent.histogram) {
      larger.histogram = parent.histogram;
      parent.histogram = 0;
      const touched = histograms.count(smaller, false);
      const combine = {
        smaller: smaller.histogram,
        larger: larger.histogram,
        touched,
        copies: histograms.copies,
        copyBytes: histograms.bytes,
      };
      this.#search.find(smallerGoes ? smaller : undefined, largerGoes ? larger : undefined, { ...masks, combine });
    } else {
      // The histogram of the parent went to other leaves: both children are counted.
      histograms.mergeNow(smaller.histogram, histograms.count(smaller, false));
      larger.histogram = histograms.take(open, smaller);
      histograms.mergeNow(larger.histogram, histograms.count(larger, false));
      this.#search.find(smallerGoes ? smaller : undefined, largerGoes ? larger : undefined, { ...masks, combine: undefined });
    }
    if (!smallerGoes || !smaller.split) histograms.giveBack(smaller);
    if (!largerGoes || !larger.split) histograms.giveBack(larger);
  }

  /** How many rows of the leaf went left. */
  #partition(leaf: OpenLeaf, { slot, bin, missingRight, set }: Split): number {
    const { kernels } = this.#pool;
    const { columnBins, columnBytes } = this.#binned;
    const column = columnBins + slot * columnBytes;
    const rows = leaf.to - leaf.from;
    const setAt = set ? this.#search.setPlace(set) : 0;
    const [offset, lastBin] = missingRight ? [1, bin - 1] : [0, bin];
    if (rows < sharedRows || this.#pool.team.threads === 1) {
      const start = this.order + leaf.from * 4;
      return setAt
        ? kernels.partitionSetInPlace(column, start, rows, setAt, this.right)
        : kernels.partitionInPlace(column, start, rows, offset, lastBin, this.right, partitionLookup);
    }
    const size = chunkRows(rows);
    const chunks = Math.ceil(rows / size);
    this.#pool.run(task.partition, chunks, [leaf.from, leaf.to, column, this.order, this.left, this.right, offset, lastBin, setAt, size]);
    return this.merge(leaf.from, leaf.to, size);
  }

  /** Brings lists that chunks wrote to `left` and `right` together in the order; returns how many are left. */
  merge(from: number, to: number, size: number): number {
    const chunks = Math.ceil((to - from) / size);
    this.#pool.run(task.merge, chunks, [from, to, this.order, this.left, this.right, size], to - from < sharedRows);
    let count = 0;
    for (let chunk = 0; chunk < chunks; chunk++) count += this.#pool.words[(chunkCounts >> 2) + chunk]!;
    return count;
  }
}

/** The leaf with the largest gain, of equal ones the first; −1 when none can be split. */
function bestOf(open: readonly OpenLeaf[]): number {
  let best = -1;
  let gain = 0;
  for (let at = 0; at < open.length; at++) {
    const split = open[at]!.split;
    if (split && split.gain > gain) {
      best = at;
      gain = split.gain;
    }
  }
  return best;
}
