import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { columnKinds, KeyColumns } from './keyColumns.ts';

/** An ensemble as assembly/treeScore/lanes.ts wants it. */
export interface LaneLayout {
  readonly columns: readonly LaneColumn[];
  /** By tree; undefined where it has too many leaves. */
  readonly trees: readonly (LaneTree | undefined)[];
  /** Bytes of a group's columns and of the answers of category tests behind them. */
  readonly groupBytes: number;
}

export interface LaneColumn {
  readonly feature: number;
  readonly kind: number;
  /** Ascending; of codes none. */
  readonly thresholds: Float32Array;
  /** Of thresholds or codes. */
  readonly count: number;
  /** In a group. */
  readonly offset: number;
}

export interface LaneTree {
  /** 12 bytes a split. */
  readonly nodes: Uint8Array;
  readonly splits: number;
  /** What tests of categories ask. */
  readonly sets: readonly { readonly column: number; readonly answer: number; readonly bits: Uint8Array }[];
  /** Nodes of the leaves from left to right. */
  readonly leaves: readonly number[];
}

export const laneRows = 32;
const laneNodeBytes = 12;
const setBytes = 32;
/** More leaves fit (256), but beyond these rows that walk are as fast. */
const mostLeaves = 160;
const mostRanks = 255;
const mostCodes = 254;

/**
 * Undefined where a feature has more than 255 thresholds or 254 codes, which a byte does not hold: the trees that we train have
 * fewer unless categories are many.
 */
export function layOutLanes(ensemble: TreeEnsemble): LaneLayout | undefined {
  const keys = new KeyColumns(ensemble);
  const thresholds = keys.list.map(() => new Set<number>());
  for (const tree of ensemble.trees)
    tree.feature.forEach((feature, node) => {
      // −0 and 0 are one threshold.
      if (feature >= 0 && tree.categories[node]! < 0) thresholds[keys.placeOf(tree, node)]!.add(tree.threshold[node]! + 0);
    });
  let offset = 0;
  const columns = keys.list.map(({ feature, kind, count }, place): LaneColumn => {
    const sorted = Float32Array.from(thresholds[place]!).sort();
    const column = { feature, kind, thresholds: sorted, count: kind === columnKinds.codes ? count : sorted.length, offset };
    offset += kind === columnKinds.codes ? 2 * laneRows : laneRows;
    return column;
  });
  const fits = ({ kind, count, thresholds: sorted }: LaneColumn): boolean =>
    kind === columnKinds.codes ? count <= mostCodes : count <= mostRanks && !sorted.some(Number.isNaN);
  if (!columns.every(fits)) return undefined;
  const ranks = columns.map((column) => new Map(Array.from(column.thresholds, (threshold, rank) => [threshold, rank])));
  const trees = ensemble.trees.map((tree) =>
    tree.feature.length > 2 * mostLeaves - 1 ? undefined : layOutTree(ensemble, tree, { keys, columns, ranks, answers: offset }),
  );
  const mostSets = trees.reduce((most, tree) => Math.max(most, tree?.sets.length ?? 0), 0);
  return { columns, trees, groupBytes: offset + laneRows * mostSets };
}

function layOutTree(
  { categorySets }: TreeEnsemble,
  tree: Tree,
  shared: {
    keys: KeyColumns;
    columns: readonly LaneColumn[];
    ranks: readonly ReadonlyMap<number, number>[];
    /** Where in a group answers begin. */
    answers: number;
  },
): LaneTree {
  const { keys, columns, ranks, answers } = shared;
  const leaves: number[] = [];
  const leavesBelow = new Int32Array(tree.feature.length);
  const count = (node: number): number => {
    if (tree.feature[node]! < 0) leaves.push(node);
    return (leavesBelow[node] = tree.feature[node]! < 0 ? 1 : count(tree.left[node]!) + count(tree.right[node]!));
  };
  count(0);
  const splits = leaves.length - 1;
  const nodes = new DataView(new ArrayBuffer(laneNodeBytes * splits));
  const sets: LaneTree['sets'][number][] = [];
  const order = [0];
  let split = 0;
  for (let place = 0; place < order.length; place++) {
    const node = order[place]!;
    if (tree.feature[node]! < 0) continue;
    const column = keys.placeOf(tree, node);
    const set = categorySets[tree.categories[node]!];
    let [test, threshold] = [columns[column]!.offset, 0];
    if (set) {
      test = answers + laneRows * sets.length;
      threshold = -1;
      sets.push({ column: columns[column]!.offset, answer: test, bits: bitsOf(set, columns[column]!.count, tree.missingLeft[node]!) });
    } else threshold = ranks[column]!.get(tree.threshold[node]! + 0)! - 128;
    const at = laneNodeBytes * split++;
    nodes.setUint32(at, test, true);
    nodes.setUint16(at + 4, laneRows * place, true);
    nodes.setUint16(at + 6, laneRows * order.length, true);
    nodes.setInt8(at + 8, threshold);
    nodes.setUint8(at + 9, leavesBelow[tree.left[node]!]!);
    order.push(tree.left[node]!, tree.right[node]!);
  }
  return { nodes: new Uint8Array(nodes.buffer), splits, sets, leaves };
}

/** 1 where a code goes right; after the codes one for unknown codes, 1, and one for NaN. */
function bitsOf(set: Int32Array, count: number, missingLeft: number): Uint8Array {
  const bits = new Uint8Array(setBytes).fill(255);
  const clear = (bit: number): unknown => (bits[bit >> 3]! &= ~(1 << (bit & 7)));
  for (const code of set) clear(code);
  if (missingLeft) clear(count + 1);
  return bits;
}
