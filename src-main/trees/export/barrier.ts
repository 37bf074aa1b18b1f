import type { Tree, TreeEnsemble } from '../ensemble.ts';

/**
 * Whether a node that takes no row must stand between this one and its right child. ONNX Runtime (1.30) makes one test of two
 * that follow each other, ask the same feature for codes and lead to leaves, if only the first outputs of these leaves are equal:
 * the other outputs and where NaN goes are then the first leaf's for both.
 */
export function needsBarrier({ categorySets }: TreeEnsemble, tree: Tree, node: number): boolean {
  const right = tree.right[node]!;
  const asksForLeaf = (at: number): boolean =>
    tree.feature[at]! >= 0 && (categorySets[tree.categories[at]!]?.length ?? 0) > 0 && tree.feature[tree.left[at]!]! < 0;
  return asksForLeaf(node) && asksForLeaf(right) && tree.feature[right] === tree.feature[node];
}
