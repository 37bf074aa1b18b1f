import { firstCategoryBin, type SlotLayout } from '../bin/BinnedMatrix.ts';
import type { Tree } from '../ensemble.ts';

/** A split in bins, as it was grown. Children below 0 are leaves, −1 − leaf. */
export interface GrownNode {
  slot: number;
  /** Numbers: last bin that goes left. */
  bin: number;
  missingRight: boolean;
  /** Categories: a bit for each bin that goes left. */
  set: Uint8Array | undefined;
  left: number;
  right: number;
  gain: number;
  cover: number;
}

export interface GrownLeaf {
  /** Its rows are from … to of the order. */
  from: number;
  to: number;
  /** Before the learning rate. */
  output: number;
  cover: number;
}

/** Nodes and leaves in the order in which they came about; without nodes the tree is one leaf. */
export interface GrownTree {
  nodes: GrownNode[];
  leaves: GrownLeaf[];
}

export const inSet = (set: Uint8Array, bin: number): boolean => ((set[bin >> 3]! >> (bin & 7)) & 1) === 1;

/** The tree as it is served, nodes in depth-first order. `values` are the outputs of the leaves; sets are added to `categorySets`. */
export function toTree(
  { nodes, leaves }: GrownTree,
  { slots }: SlotLayout,
  values: Float32Array,
  { categorySets, valueWidth }: { categorySets: Int32Array[]; valueWidth: number },
): Tree {
  const count = nodes.length + leaves.length;
  const tree: Tree = {
    feature: new Int32Array(count).fill(-1),
    threshold: new Float32Array(count),
    categories: new Int32Array(count).fill(-1),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
    value: new Float32Array(count * valueWidth),
    cover: new Float64Array(count),
    gain: new Float64Array(count),
  };
  let next = 0;
  // A path may be as long as there are leaves: a stack of our own.
  const stack: { from: number; parent: number; side: 'left' | 'right' }[] = [
    { from: nodes.length === 0 ? -1 : 0, parent: -1, side: 'left' },
  ];
  for (let step = stack.pop(); step; step = stack.pop()) {
    const at = next++;
    if (step.parent >= 0) tree[step.side][step.parent] = at;
    if (step.from < 0) {
      const leaf = -1 - step.from;
      tree.value.set(values.subarray(leaf * valueWidth, (leaf + 1) * valueWidth), at * valueWidth);
      tree.cover[at] = leaves[leaf]!.cover;
      continue;
    }
    const node = nodes[step.from]!;
    const slot = slots[node.slot]!;
    tree.feature[at] = slot.feature;
    tree.cover[at] = node.cover;
    tree.gain[at] = node.gain;
    if (node.set) {
      tree.missingLeft[at] = Number(inSet(node.set, 0));
      const codes = [...slot.codes.keys()].filter((bin) => inSet(node.set!, bin + firstCategoryBin)).map((bin) => slot.codes[bin]!);
      tree.categories[at] = categorySets.push(Int32Array.from(codes).sort()) - 1;
    } else {
      tree.missingLeft[at] = Number(!node.missingRight);
      // The last bin has no cut above: all numbers go left.
      tree.threshold[at] = node.bin - 1 < slot.cuts.length ? slot.cuts[node.bin - 1]! : Infinity;
    }
    stack.push({ from: node.right, parent: at, side: 'right' }, { from: node.left, parent: at, side: 'left' });
  }
  return tree;
}
