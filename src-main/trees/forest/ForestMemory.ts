import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';
import { align, type TreePool } from '../TreePool.ts';
import type { ForestSettings } from './settings.ts';

const nodeBytes = 80;
const areaWords = 12;
const planBytes = 64;
const levelBytes = 4096;

export interface ForestTarget {
  /** Classes of a row (u32) or numbers of a row [rows, outputs]. */
  kind: 'class' | 'values';
  /** Classes, or numbers a row. */
  outputs: number;
  rows: Uint32Array | Float32Array;
  weights: Float32Array | undefined;
}

/** What `growForestTree` works on: the plan that all trees share, and an area for each tree that grows at the same time. */
export class ForestMemory {
  readonly plan: number;
  readonly areas: number;
  readonly areaBytes = areaWords * 4;
  readonly count: number;
  readonly #pool: TreePool;
  readonly #nodes: number[] = [];
  readonly #values: number[] = [];

  constructor(pool: TreePool, binned: BinnedMatrix, target: ForestTarget, settings: ForestSettings, count: number) {
    const { rows, layout, columnBins, columnBytes } = binned;
    const slots = layout.slots.length;
    const channels = channelsOf(target);
    const mostNodes = nodesOf(rows, settings);
    this.#pool = pool;
    this.count = count;
    this.plan = pool.take(planBytes);
    const targets = pool.take(4 * target.rows.length);
    if (target.kind === 'class') pool.words.set(target.rows as Uint32Array, targets >> 2);
    else pool.floats.set(target.rows as Float32Array, targets >> 2);
    const weights = target.weights ? pool.take(4 * rows) : 0;
    if (target.weights) pool.floats.set(target.weights, weights >> 2);
    const { maxFeatures, minSamplesLeaf, maxDepth, bootstrap, randomThresholds } = settings;
    const tries = Math.max(1, Math.round(maxFeatures * slots));
    const depth = maxDepth <= 0 ? 2 ** 30 : maxDepth;
    const table = [rows, slots, layout.slotTable, columnBins, columnBytes, Number(target.kind === 'class'), channels, targets];
    pool.words.set(
      [...table, weights, tries, minSamplesLeaf, depth, Number(bootstrap), Number(randomThresholds), 0, mostNodes],
      this.plan >> 2,
    );
    this.areas = pool.take(this.areaBytes * count);
    for (let tree = 0; tree < count; tree++) {
      const list = (bytes: number): number => pool.take(bytes);
      const nodes = (): number => list(nodeBytes * mostNodes);
      const parts = [list(4 * rows + 16), list(4 * rows + 16), list(4 * rows), list(256 * 8 * channels), list(1024), list(4 * slots + 4)];
      const stack = list(20 * (mostNodes + 2));
      const sums = [list(8 * channels), list(8 * channels), list(levelBytes)];
      this.#nodes.push(nodes());
      this.#values.push(list(4 * target.outputs * Math.ceil((mostNodes + 1) / 2)));
      const words = [...parts, stack, ...sums, this.#nodes[tree]!, this.#values[tree]!];
      pool.words.set(words, (this.areas + this.areaBytes * tree) >> 2);
    }
  }

  static bytes(
    rows: number,
    width: number,
    target: Pick<ForestTarget, 'kind' | 'outputs'>,
    settings: ForestSettings,
    threads: number,
  ): number {
    const channels = channelsOf(target);
    const mostNodes = nodesOf(rows, settings);
    const area =
      3 * align(4 * rows + 16) + align(2048 * channels) + align(20 * (mostNodes + 2)) + align(nodeBytes * mostNodes) + align(4 * width + 4);
    const values = align(4 * target.outputs * Math.ceil((mostNodes + 1) / 2));
    const shared = align(4 * rows * (target.kind === 'class' ? 1 : target.outputs)) + align(4 * rows);
    return shared + threads * (area + values + 3 * align(8 * channels) + levelBytes + 4096) + 4096;
  }

  /** Node n of a tree that has grown. */
  node(tree: number, at: number): { word: number; double: number; byte: number } {
    const address = this.#nodes[tree]! + nodeBytes * at;
    return { word: address >> 2, double: address >> 3, byte: address };
  }

  values(tree: number, leaf: number, outputs: number): Float32Array {
    return this.#pool.floatsAt(this.#values[tree]! + 4 * leaf * outputs, outputs);
  }
}

function channelsOf({ kind, outputs }: Pick<ForestTarget, 'kind' | 'outputs'>): number {
  return kind === 'class' ? outputs : outputs + 1;
}

/** Most nodes of a tree: two a leaf but one. */
function nodesOf(rows: number, { minSamplesLeaf, maxDepth }: ForestSettings): number {
  const leaves = Math.max(1, Math.floor(rows / Math.max(1, minSamplesLeaf)));
  return 2 * Math.min(leaves, maxDepth > 0 && maxDepth < 30 ? 2 ** maxDepth : leaves) + 1;
}
