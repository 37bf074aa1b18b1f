import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { BitSets, KeyColumns, columnBytes, keyOf, type KeyColumn } from './keyColumns.ts';

export interface TreeLayout {
  /** Two words a node, breadth-first: see assembly/treeScore/index.ts. */
  readonly nodes: Int32Array;
  /** Steps to the deepest leaf. */
  readonly depth: number;
  readonly withSets: boolean;
  /** What the leaves hold, by our nodes: the float's bits, or the number of a vector. */
  readonly leafWords: Int32Array;
}

/** An ensemble as assembly/treeScore wants it. */
export interface ScorerLayout {
  /** Columns of keys from column 1 on: only features that are tested, twice where missing values go both ways. */
  readonly columns: readonly KeyColumn[];
  readonly trees: readonly TreeLayout[];
  readonly shift: number;
  /** Takes the child's offset out of a node's second word. */
  readonly mask: number;
  readonly sets: Uint8Array;
  /** [leaves, outputCount] where leaves have several outputs. */
  readonly vectors: Float32Array;
}

const nodeBytes = 8;

/**
 * Undefined where a node's second word has no room: bits for 32 bytes a column and 8 bytes a node of the largest tree are 32
 * together, e.g. 1,000 columns and trees of 8,000 leaves, or 100 and 65,000.
 */
export function layOut(ensemble: TreeEnsemble): ScorerLayout | undefined {
  const columns = new KeyColumns(ensemble);
  const largest = Math.max(0, ...ensemble.trees.map((tree) => tree.feature.length));
  const shift = bitsFor(nodeBytes * Math.max(1, largest) - 1);
  if (shift + bitsFor(columnBytes * columns.list.length) > 32) return undefined;
  const sets = new BitSets(ensemble, columns);
  const vectors = new LeafVectors(ensemble);
  const trees = ensemble.trees.map((tree) => layOutTree(ensemble, tree, { columns, sets, vectors, shift }));
  // The kernel looks at the first byte of the sets, whether there are any or not.
  return { columns: columns.list, trees, shift, mask: 2 ** shift - nodeBytes, sets: sets.bytes(), vectors: vectors.numbers };
}

function layOutTree(
  ensemble: TreeEnsemble,
  tree: Tree,
  { columns, sets, vectors, shift }: { columns: KeyColumns; sets: BitSets; vectors: LeafVectors; shift: number },
): TreeLayout {
  const { valueWidth } = ensemble;
  const order = [0];
  const depths = [0];
  const nodes = new Int32Array(2 * tree.feature.length);
  const asFloats = new Float32Array(nodes.buffer);
  const leafWords = new Int32Array(tree.feature.length);
  let withSets = false;
  for (let place = 0; place < order.length; place++) {
    const node = order[place]!;
    if (tree.feature[node]! < 0) {
      if (valueWidth === 1) asFloats[2 * place] = tree.value[node]!;
      else nodes[2 * place] = vectors.add(tree.value.subarray(node * valueWidth, (node + 1) * valueWidth));
      nodes[2 * place + 1] = nodeBytes * place;
      leafWords[node] = nodes[2 * place]!;
      continue;
    }
    const flag = Number(tree.categories[node]! >= 0);
    withSets ||= flag === 1;
    nodes[2 * place] = flag ? sets.offsetOf(tree, node) : keyOf(tree.threshold[node]!);
    nodes[2 * place + 1] = (columns.offsetOf(tree, node) * 2 ** shift) | (nodeBytes * order.length) | flag;
    order.push(tree.left[node]!, tree.right[node]!);
    depths.push(depths[place]! + 1, depths[place]! + 1);
  }
  return { nodes, depth: depths.at(-1)!, withSets, leafWords };
}

/** Outputs of the leaves of all trees, one leaf after the other. */
class LeafVectors {
  readonly numbers: Float32Array;
  #leaves = 0;

  constructor({ trees, valueWidth }: TreeEnsemble) {
    const leaves = trees.reduce((sum, tree) => sum + (tree.feature.length + 1) / 2, 0);
    this.numbers = new Float32Array(valueWidth > 1 ? leaves * valueWidth : 0);
  }

  add(values: Float32Array): number {
    this.numbers.set(values, this.#leaves * values.length);
    return this.#leaves++;
  }
}

function bitsFor(largest: number): number {
  return Math.max(1, Math.ceil(Math.log2(largest + 1)));
}
