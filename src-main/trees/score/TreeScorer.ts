import { KernelMemory, paddedLength } from '../../kernels/KernelMemory.ts';
import { treeScoreKernels, type TreeScoreKernels } from '../../kernels/treeScoreKernels.ts';
import type { TreeEnsemble } from '../ensemble.ts';
import { laneRows, layOutLanes, type LaneLayout } from './laneLayout.ts';
import { LaneScorer } from './LaneScorer.ts';
import { layOut, type ScorerLayout } from './layout.ts';
import { scoreReference, treesPerOutput } from './reference.ts';

/** Rows that go through all trees together: their keys stay in the caches. */
const blockRows = 512;
const groupRows = 8;

/**
 * Raw scores of an ensemble, fast: for one row at a time and for many. They equal `scoreReference` to the last bit, and so ONNX
 * Runtime on one thread. It holds a copy of the trees outside the JavaScript heap (8 bytes a node), so keep it and use it often.
 *
 * ```ts
 * const scorer = new TreeScorer(ensemble);
 * const scores = scorer.score(features, rows); // [rows, outputCount]
 * ```
 */
export class TreeScorer {
  readonly #ensemble: TreeEnsemble;
  /** Undefined for trees too large for a node's word, see `layOut`: the plain scorer takes them. */
  readonly #fast: FastScorer | undefined;

  constructor(ensemble: TreeEnsemble) {
    this.#ensemble = ensemble;
    const layout = layOut(ensemble);
    this.#fast = layout && new FastScorer(ensemble, layout);
  }

  /** `features` are float32 [rows, featureCount], NaN is missing; the result is float32 [rows, outputCount]. */
  score(features: Float32Array, rows: number): Float32Array<ArrayBuffer> {
    const { featureCount, outputCount } = this.#ensemble;
    if (features.length !== rows * featureCount)
      throw new Error(`${features.length} numbers are not ${rows} rows of ${featureCount} features.`);
    if (!this.#fast) return scoreReference(this.#ensemble, features, rows);
    const scores = new Float32Array(rows * outputCount);
    if (rows === 1) this.#fast.scoreOne(features, scores);
    else
      for (let row = 0; row < rows; row += blockRows) {
        const end = Math.min(rows, row + blockRows);
        const block = features.subarray(row * featureCount, end * featureCount);
        this.#fast.scoreBlock(block, end - row, scores.subarray(row * outputCount, end * outputCount));
      }
    return scores;
  }
}

class FastScorer {
  readonly #ensemble: TreeEnsemble;
  readonly #shift: number;
  readonly #mask: number;
  readonly #columns: number;
  /** For blocks of rows; undefined where columns do not fit into bytes or cost more than the trees. */
  readonly #lanes: LaneScorer | undefined;
  readonly #kernels: TreeScoreKernels;
  /** Float32 in the kernels' memory: features of a block, its sums, what the leaves of one tree (one row: of all trees) hold. */
  readonly #features: Float32Array;
  readonly #sums: Float32Array;
  readonly #leaves: number;
  readonly #keys: number;
  readonly #columnTable: number;
  readonly #trees: { readonly address: number; readonly depth: number; readonly withSets: boolean }[];
  /** For one row: trees without sets, then those with, each part in the order of depth and a multiple of 8 long. */
  readonly #table: number;
  readonly #plainTrees: number;
  readonly #setTrees: number;
  readonly #sets: number;
  readonly #vectors: number;
  readonly #divisor: number;
  readonly #bases: Float32Array;

  constructor(ensemble: TreeEnsemble, layout: ScorerLayout) {
    const { featureCount, outputCount, trees, aggregate } = ensemble;
    this.#ensemble = ensemble;
    this.#shift = layout.shift;
    this.#mask = layout.mask;
    this.#columns = layout.columns.length;
    const table = oneRowOrder(layout);
    const lengths = {
      features: blockRows * featureCount,
      sums: blockRows * outputCount,
      leaves: Math.max(blockRows, trees.length + 1),
      keys: blockRows * (layout.columns.length + 1),
      columnTable: 3 * layout.columns.length,
      table: 4 * (table.plain.length + table.withSets.length),
      sets: Math.ceil(layout.sets.length / 4) + 1,
      vectors: layout.vectors.length,
    };
    const nodeLengths = layout.trees.map((tree) => tree.nodes.length);
    const numbers = [...Object.values(lengths), ...nodeLengths].reduce((sum, length) => sum + paddedLength(length), 0);
    const lanes = worthwhileLanes(ensemble);
    const memory = new KernelMemory(numbers + (lanes ? LaneScorer.numbers(lanes, blockRows) : 0));
    this.#kernels = treeScoreKernels(memory);
    this.#features = memory.vector(lengths.features);
    this.#sums = memory.vector(lengths.sums);
    this.#leaves = memory.vector(lengths.leaves).byteOffset;
    this.#keys = memory.vector(lengths.keys).byteOffset;
    const words = (length: number): Int32Array => {
      const vector = memory.vector(length);
      return new Int32Array(vector.buffer, vector.byteOffset, length);
    };
    const columnTable = words(lengths.columnTable);
    columnTable.set(layout.columns.flatMap(({ feature, kind, count }) => [4 * feature, kind, count]));
    this.#columnTable = columnTable.byteOffset;
    const sets = words(lengths.sets);
    new Uint8Array(sets.buffer, sets.byteOffset).set(layout.sets);
    this.#sets = sets.byteOffset;
    const vectors = memory.vector(lengths.vectors);
    vectors.set(layout.vectors);
    this.#vectors = vectors.byteOffset;
    this.#trees = layout.trees.map(({ nodes, depth, withSets }) => {
      const place = words(nodes.length);
      place.set(nodes);
      return { address: place.byteOffset, depth, withSets };
    });
    const leafOf = (tree: number, node: number): number => layout.trees[tree]!.leafWords[node]!;
    this.#lanes = lanes && new LaneScorer(lanes, memory, this.#kernels, { blockRows, leafOf });
    const tableWords = words(lengths.table);
    const spare = trees.length;
    [...table.plain, ...table.withSets].forEach(({ tree, repeated }, at) =>
      tableWords.set([this.#trees[tree]!.address, this.#trees[tree]!.depth, this.#leaves + 4 * (repeated ? spare : tree)], 4 * at),
    );
    this.#table = tableWords.byteOffset;
    this.#plainTrees = table.plain.length;
    this.#setTrees = table.withSets.length;
    this.#divisor = aggregate === 'mean' ? Math.max(1, treesPerOutput(ensemble)) : 1;
    this.#bases = Float32Array.from(ensemble.baseScores);
  }

  scoreOne(features: Float32Array, scores: Float32Array): void {
    const kernels = this.#kernels;
    const [shift, mask] = [this.#shift, this.#mask];
    const { valueWidth, outputCount, trees } = this.#ensemble;
    this.#fillKeys(features, 1);
    if (this.#plainTrees > 0) kernels.walkTrees(this.#table, this.#plainTrees, this.#keys, shift, mask);
    if (this.#setTrees > 0)
      kernels.walkTreesWithSets(this.#table + 16 * this.#plainTrees, this.#setTrees, this.#keys, shift, mask, this.#sets);
    const sums = this.#sums.byteOffset;
    this.#sums.fill(0, 0, outputCount);
    if (valueWidth === 1) kernels.addTrees(this.#leaves, trees.length, sums, outputCount);
    else kernels.addVectors(this.#leaves, trees.length, this.#vectors, sums, valueWidth, 0);
    this.#finish(1, scores);
  }

  scoreBlock(features: Float32Array, rows: number, scores: Float32Array): void {
    const kernels = this.#kernels;
    const [shift, mask] = [this.#shift, this.#mask];
    const { valueWidth, outputCount, trees } = this.#ensemble;
    const lanes = rows >= laneRows ? this.#lanes : undefined;
    if (lanes) {
      this.#features.set(features);
      lanes.fill(this.#features.byteOffset, this.#ensemble, rows);
    }
    if (!lanes || trees.some((_, tree) => !lanes.takes(tree))) this.#fillKeys(features, rows);
    const groups = Math.ceil(rows / groupRows);
    const groupBytes = 4 * groupRows * (this.#columns + 1);
    const sums = this.#sums.byteOffset;
    this.#sums.fill(0, 0, groups * groupRows * outputCount);
    for (const [at, { address, depth, withSets }] of this.#trees.entries()) {
      if (lanes?.takes(at)) lanes.walk(at, rows, this.#leaves);
      else if (withSets) kernels.walkRowsWithSets(address, depth, this.#keys, groupBytes, groups, shift, mask, this.#leaves, this.#sets);
      else kernels.walkRows(address, depth, this.#keys, groupBytes, groups, shift, mask, this.#leaves);
      if (valueWidth > 1) kernels.addVectors(this.#leaves, rows, this.#vectors, sums, valueWidth, 4 * outputCount);
      else kernels.addToRows(this.#leaves, groups * groupRows, sums + 4 * (at % outputCount), outputCount);
    }
    this.#finish(rows, scores);
  }

  #fillKeys(features: Float32Array, rows: number): void {
    this.#features.set(features);
    const { featureCount } = this.#ensemble;
    this.#kernels.rowKeys(this.#features.byteOffset, 4 * featureCount, rows, this.#columnTable, this.#columns, this.#keys);
  }

  #finish(rows: number, scores: Float32Array): void {
    const outputs = this.#bases.length;
    for (let at = 0; at < rows * outputs; at++)
      scores[at] = Math.fround(Math.fround(this.#sums[at]! / this.#divisor) + this.#bases[at % outputs]!);
  }
}

/** Columns of bytes cost about as much as a tree each. */
function worthwhileLanes(ensemble: TreeEnsemble): LaneLayout | undefined {
  const layout = layOutLanes(ensemble);
  return layout && layout.trees.filter(Boolean).length > layout.columns.length ? layout : undefined;
}

interface TableEntry {
  readonly tree: number;
  /** Fills the last eight: what it writes is not read. */
  readonly repeated: boolean;
}

function oneRowOrder({ trees }: ScorerLayout): { plain: TableEntry[]; withSets: TableEntry[] } {
  const part = (withSets: boolean): TableEntry[] => {
    const numbers = trees.flatMap((tree, at) => (tree.withSets === withSets ? [at] : []));
    const sorted = numbers.sort((a, b) => trees[a]!.depth - trees[b]!.depth).map((tree) => ({ tree, repeated: false }));
    while (sorted.length % 8 !== 0) sorted.push({ tree: sorted.at(-1)!.tree, repeated: true });
    return sorted;
  };
  return { plain: part(false), withSets: part(true) };
}
