import { paddedLength, type KernelMemory } from '../../kernels/KernelMemory.ts';
import type { TreeScoreKernels } from '../../kernels/treeScoreKernels.ts';
import type { TreeEnsemble } from '../ensemble.ts';
import { laneRows, type LaneLayout } from './laneLayout.ts';

interface PlacedTree {
  readonly nodes: number;
  readonly splits: number;
  readonly values: number;
  readonly setTable: number;
  readonly sets: number;
}

/** Many rows at once through trees of few leaves; a part of TreeScorer, in its memory. */
export class LaneScorer {
  readonly #kernels: TreeScoreKernels;
  readonly #columns: number;
  readonly #groupBytes: number;
  readonly #trees: (PlacedTree | undefined)[];
  readonly #columnTable: number;
  readonly #lanes: number;
  readonly #masks: number;

  /** `leafOf` gives what a leaf of a tree holds, as 4 bytes. */
  constructor(
    layout: LaneLayout,
    memory: KernelMemory,
    kernels: TreeScoreKernels,
    { blockRows, leafOf }: { blockRows: number; leafOf: (tree: number, node: number) => number },
  ) {
    this.#kernels = kernels;
    this.#columns = layout.columns.length;
    this.#groupBytes = layout.groupBytes;
    const place = (bytes: number): number => memory.vector(Math.ceil(bytes / 4)).byteOffset;
    const put = (bytes: Uint8Array): number => {
      const at = place(bytes.length);
      new Uint8Array(memory.memory.buffer, at, bytes.length).set(bytes);
      return at;
    };
    const putWords = (words: readonly number[]): number => put(new Uint8Array(Int32Array.from(words).buffer));
    this.#columnTable = putWords(
      layout.columns.flatMap(({ feature, kind, thresholds, count, offset }) => {
        const at = put(new Uint8Array(thresholds.buffer, thresholds.byteOffset, thresholds.byteLength));
        return [4 * feature, kind, count, at, offset];
      }),
    );
    this.#lanes = place((layout.groupBytes * blockRows) / laneRows);
    this.#masks = place(masksBytes(layout));
    this.#trees = layout.trees.map(
      (tree, at) =>
        tree && {
          nodes: put(tree.nodes),
          splits: tree.splits,
          values: putWords(tree.leaves.map((node) => leafOf(at, node))),
          setTable: putWords(tree.sets.flatMap(({ column, answer, bits }) => [column, put(bits), answer])),
          sets: tree.sets.length,
        },
    );
  }

  /** Of the memory, what the constructor takes. */
  static numbers(layout: LaneLayout, blockRows: number): number {
    const bytes = [20 * layout.columns.length, (layout.groupBytes * blockRows) / laneRows, masksBytes(layout)];
    for (const { thresholds } of layout.columns) bytes.push(thresholds.byteLength);
    for (const tree of layout.trees)
      if (tree) bytes.push(tree.nodes.length, 4 * tree.leaves.length, 12 * tree.sets.length, ...tree.sets.map(({ bits }) => bits.length));
    return bytes.reduce((sum, each) => sum + paddedLength(Math.ceil(each / 4)), 0);
  }

  takes(tree: number): boolean {
    return this.#trees[tree] !== undefined;
  }

  /** Columns of the rows whose features stand at `features`. */
  fill(features: number, { featureCount }: TreeEnsemble, rows: number): void {
    this.#kernels.rowLanes(features, 4 * featureCount, rows, this.#columnTable, this.#columns, this.#groupBytes, this.#lanes);
  }

  /** Writes what the leaves of one tree hold for these rows. */
  walk(tree: number, rows: number, leaves: number): void {
    const { nodes, splits, values, setTable, sets } = this.#trees[tree]!;
    const groupBytes = this.#groupBytes;
    const groups = Math.ceil(rows / laneRows);
    if (sets > 0) this.#kernels.setLanes(setTable, sets, groupBytes, groups, this.#lanes);
    this.#kernels.walkLanes(nodes, splits, groupBytes, groups, this.#lanes, this.#masks, values, leaves);
  }
}

/** A line a node, and at least four: two of them hold leaves at the end. */
function masksBytes({ trees }: LaneLayout): number {
  return laneRows * trees.reduce((most, tree) => Math.max(most, 2 * (tree?.leaves.length ?? 0)), 4);
}
