import type { Tree } from '../ensemble.ts';

/** What the edges into the nodes of a tree mean for its explanation, by node. */
export interface PathShares {
  readonly parent: Int32Array;
  /** The next edge above that tests the same feature: its node; −1 where there is none. */
  readonly above: Int32Array;
  /** Feature that the edge tests; −1 at the root. */
  readonly feature: Int32Array;
  /** Share of the training rows of the root that all tests of this feature on the path, taken alone, would keep. */
  readonly share: Float64Array;
  /** Most different features on a path. */
  readonly mostFeatures: number;
  /** Share of the root's training rows in the node. */
  readonly reach: Float64Array;
}

/** A node without training rows hands none on: its children count as equally likely. */
export function pathShares(tree: Tree): PathShares {
  const size = tree.feature.length;
  const parent = new Int32Array(size).fill(-1);
  const above = new Int32Array(size).fill(-1);
  const feature = new Int32Array(size).fill(-1);
  const share = new Float64Array(size).fill(1);
  const reach = new Float64Array(size).fill(1);
  const features = new Int32Array(size);
  let mostFeatures = 0;
  for (let node = 0; node < size; node++) {
    if (tree.feature[node]! < 0) continue;
    for (const child of [tree.left[node]!, tree.right[node]!]) {
      const cover = tree.cover[node]!;
      const ratio = cover > 0 ? tree.cover[child]! / cover : 0.5;
      parent[child] = node;
      feature[child] = tree.feature[node]!;
      let edge = node;
      while (edge > 0 && feature[edge] !== feature[child]) edge = parent[edge]!;
      above[child] = edge > 0 ? edge : -1;
      share[child] = ratio * (edge > 0 ? share[edge]! : 1);
      reach[child] = ratio * reach[node]!;
      features[child] = features[node]! + Number(edge === 0);
      mostFeatures = Math.max(mostFeatures, features[child]!);
    }
  }
  return { parent, above, feature, share, mostFeatures, reach };
}
