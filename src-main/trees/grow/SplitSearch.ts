import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';
import { align, type TreePool } from '../TreePool.ts';
import type { GrowSettings } from './settings.ts';
import { task } from './tasks.ts';
import type { OpenLeaf, PackedGradients, Split } from './openLeaf.ts';

const recordBytes = 64;
const leafBytes = 64;
const settingsBytes = 128;
const setBytes = 32;
/** Slots in a chunk: two groups. */
const chunkSlots = 8;
/** Cells below which one thread looks through them sooner than two. */
const sharedCells = 3000;
const isNumber = 0;
const isSubset = 2;

/** Looks for the best split of one or two leaves; layouts as assembly/trees/leafMath.ts describes them. */
export class SplitSearch {
  readonly #pool: TreePool;
  readonly #binned: BinnedMatrix;
  readonly #settings: GrowSettings;
  readonly #settingsAt: number;
  readonly #leaves: readonly [number, number];
  readonly #records: readonly [number, number];
  readonly #set: number;
  readonly #monotone: Int8Array;
  readonly #isBounded: boolean;
  /** Slots of categories that are split by subsets. */
  readonly #subsets: readonly number[];
  readonly #shares: boolean;
  #gradientUnit = 1;
  hessianUnit = 1;

  constructor(pool: TreePool, binned: BinnedMatrix, settings: GrowSettings) {
    const { slots, slotTable } = binned.layout;
    this.#pool = pool;
    this.#binned = binned;
    this.#settings = settings;
    this.#settingsAt = pool.take(settingsBytes);
    this.#leaves = [pool.take(leafBytes), pool.take(leafBytes)];
    this.#records = [pool.take(recordBytes * slots.length), pool.take(recordBytes * slots.length)];
    this.#set = pool.take(setBytes);
    this.#monotone = Int8Array.from(slots, (slot) => settings.monotoneConstraints[slot.feature] ?? 0);
    for (const [at, direction] of this.#monotone.entries()) pool.bytes[slotTable + 16 * at + 8] = direction & 255;
    this.#subsets = [...slots.keys()].filter((slot) => pool.bytes[slotTable + 16 * slot + 7] === isSubset);
    const { lambdaL1, maxDeltaStep } = settings;
    this.#isBounded = lambdaL1 > 0 || maxDeltaStep > 0 || this.#monotone.some((direction) => direction !== 0);
    this.#shares = slots.reduce((sum, slot) => sum + slot.bins, 0) >= sharedCells;
  }

  static bytes(width: number): number {
    return align(settingsBytes) + 3 * align(leafBytes) + 2 * align(recordBytes * width) + 512;
  }

  start({ gradientUnit, hessianUnit }: PackedGradients): void {
    this.#gradientUnit = gradientUnit;
    this.hessianUnit = hessianUnit;
    const { lambdaL1, lambdaL2, minSumHessianInLeaf, minDataInLeaf, minGainToSplit, catSmooth, catL2 } = this.#settings;
    const { maxCatThreshold, minDataPerGroup, maxDeltaStep } = this.#settings;
    const numbers = [gradientUnit, hessianUnit, lambdaL1, lambdaL2, minSumHessianInLeaf, minDataInLeaf, minGainToSplit];
    const categories = [catSmooth, catL2, maxCatThreshold, minDataPerGroup];
    this.#pool.doubles.set([...numbers, ...categories, maxDeltaStep, Number(this.#isBounded)], this.#settingsAt >> 3);
  }

  /** Sums of the root, from any slot: every row is in one of its cells. */
  sumRoot(leaf: OpenLeaf, histogram: number): void {
    const first = this.#binned.layout.slots[0];
    if (!first) return;
    this.#pool.kernels.rootSums(histogram + first.offset, first.bins, this.#leaves[0]);
    const { words } = this.#pool;
    leaf.hessian = words[this.#leaves[0] >> 2]! >>> 0;
    leaf.gradient = words[(this.#leaves[0] >> 2) + 1]!;
  }

  /**
   * Sets the splits of the leaves that are given. `combine`: the histogram of the first is still in parts, and that of the larger
   * still that of the parent.
   */
  find(
    first: OpenLeaf | undefined,
    second: OpenLeaf | undefined,
    options: {
      mask: number;
      secondMask: number;
      combine: { smaller: number; larger: number; touched: number; copies: number; copyBytes: number } | undefined;
    },
  ): void {
    const { combine } = options;
    const { slots, slotTable, histogramBytes } = this.#binned.layout;
    if (slots.length === 0) return;
    const firstAt = first ? this.#describe(0, first, options.mask) : 0;
    const secondAt = second ? this.#describe(1, second, options.secondMask) : 0;
    const parts = combine ? [combine.smaller, combine.copies, combine.copyBytes, combine.touched, combine.larger] : [0, 0, 0, 0, 0];
    const chunks = Math.ceil(slots.length / chunkSlots);
    const values = [...parts, firstAt, secondAt, this.#settingsAt, slotTable, slots.length, chunkSlots, histogramBytes];
    this.#pool.run(task.splits, chunks, values, !this.#shares);
    if (first) this.#take(0, first, options.mask);
    if (second) this.#take(1, second, options.secondMask);
  }

  /** What the leaf adds, before the learning rate. */
  output(leaf: OpenLeaf): number {
    const output = this.#freeOutput(leaf);
    return Math.min(Math.max(output, leaf.lower), leaf.upper);
  }

  /** Keeps the outputs of two children apart when their split is monotone (LightGBM's basic method). */
  bound(left: OpenLeaf, right: OpenLeaf, slot: number): void {
    const direction = this.#monotone[slot]!;
    if (direction === 0) return;
    const middle = (this.output(left) + this.output(right)) / 2;
    if (direction > 0) {
      left.upper = Math.min(left.upper, middle);
      right.lower = Math.max(right.lower, middle);
    } else {
      left.lower = Math.max(left.lower, middle);
      right.upper = Math.min(right.upper, middle);
    }
  }

  /** Copies a set to where the partition can read it. */
  setPlace(set: Uint8Array): number {
    this.#pool.bytes.set(set, this.#set);
    return this.#set;
  }

  #freeOutput({ gradient, hessian, penalty }: OpenLeaf): number {
    const { lambdaL1, maxDeltaStep } = this.#settings;
    const g = gradient * this.#gradientUnit;
    const shrunk = lambdaL1 > 0 ? Math.sign(g) * Math.max(0, Math.abs(g) - lambdaL1) : g;
    const denominator = hessian * this.hessianUnit + penalty;
    const output = denominator > 0 ? -shrunk / denominator : 0;
    return maxDeltaStep > 0 ? Math.min(Math.max(output, -maxDeltaStep), maxDeltaStep) : output;
  }

  /** Score of the leaf as it is. */
  #score(leaf: OpenLeaf): number {
    const { lambdaL1, lambdaL2 } = this.#settings;
    const g = leaf.gradient * this.#gradientUnit;
    const h = leaf.hessian * this.hessianUnit + lambdaL2;
    if (!this.#isBounded) return (g * g) / h;
    const shrunk = lambdaL1 > 0 ? Math.sign(g) * Math.max(0, Math.abs(g) - lambdaL1) : g;
    const output = this.output({ ...leaf, penalty: lambdaL2 });
    return -(2 * shrunk * output + h * output * output);
  }

  #describe(place: 0 | 1, leaf: OpenLeaf, mask: number): number {
    const at = this.#leaves[place];
    const { words, doubles } = this.#pool;
    words[at >> 2] = leaf.hessian;
    words[(at >> 2) + 1] = leaf.gradient;
    doubles[(at >> 3) + 1] = leaf.to - leaf.from;
    doubles[(at >> 3) + 2] = leaf.lower;
    doubles[(at >> 3) + 3] = leaf.upper;
    words[(at >> 2) + 8] = leaf.histogram;
    words[(at >> 2) + 9] = mask;
    words[(at >> 2) + 10] = this.#records[place];
    // Sums of quotients round: what gains no more than that gains nothing.
    const score = this.#score(leaf);
    doubles[(at >> 3) + 6] = score + Math.max(this.#settings.minGainToSplit, Math.abs(score) * 1e-12);
    return at;
  }

  #take(place: 0 | 1, leaf: OpenLeaf, mask: number): void {
    leaf.split = this.#best(place, leaf);
    const { words, bytes } = this.#pool;
    for (const slot of this.#subsets) {
      if (words[(this.#records[place] + slot * recordBytes + 24) >> 2]! >= 0 || leaf.closed?.[slot] || (mask && !bytes[mask + slot]))
        continue;
      leaf.closed = leaf.closed?.slice() ?? new Uint8Array(this.#binned.layout.slots.length);
      leaf.closed[slot] = 1;
    }
  }

  #best(place: 0 | 1, leaf: OpenLeaf): Split | undefined {
    const { words, doubles, bytes } = this.#pool;
    const { slots, byFeature } = this.#binned.layout;
    const { lambdaL2, catL2 } = this.#settings;
    const start = this.#records[place];
    let best = -1;
    let score = -Infinity;
    for (let each = 0; each < byFeature.length; each++) {
      const slot = byFeature[each]!;
      const record = start + slot * recordBytes;
      if (words[(record >> 2) + 6]! < 0 || doubles[record >> 3]! <= score) continue;
      best = slot;
      score = doubles[record >> 3]!;
    }
    if (best < 0) return undefined;
    const record = start + best * recordBytes;
    const word = record >> 2;
    const kind = words[word + 6]!;
    const hessian = words[word + 2]! >>> 0;
    // Where the leaf lacks no values, later ones go with the larger side.
    const cell = (leaf.histogram + slots[best]!.offset) >> 2;
    const hasMissing = words[cell] !== 0 || words[cell + 1] !== 0;
    const missingRight = hasMissing ? words[word + 5] === 1 : 2 * hessian < leaf.hessian;
    // Only missing values to the right: all numbers go left, those that this leaf has not seen too.
    const allNumbers =
      hasMissing &&
      missingRight &&
      hessian + (words[cell]! >>> 0) === leaf.hessian &&
      leaf.gradient === words[word + 3]! + words[cell + 1]!;
    return {
      gain: score - this.#score(leaf),
      slot: best,
      bin: allNumbers ? slots[best]!.bins - 1 : words[word + 4]!,
      missingRight,
      set: kind === isNumber ? undefined : bytes.slice(record + 32, record + 32 + setBytes),
      gradient: words[word + 3]!,
      hessian,
      penalty: kind === isSubset ? lambdaL2 + catL2 : lambdaL2,
    };
  }
}
