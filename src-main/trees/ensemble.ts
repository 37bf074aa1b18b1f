/** One tree, nodes in depth-first order, root 0. Arrays have one entry a node, except `value`. */
export interface Tree {
  /** Column that is tested; −1 at a leaf. */
  feature: Int32Array;
  /** Numbers: x ≤ threshold goes left, compared in float32 as ONNX's BRANCH_LEQ does. */
  threshold: Float32Array;
  /** −1, or an index into `categorySets`: a code of the set goes left, any other value right. */
  categories: Int32Array;
  /** Where NaN goes: left (1) or right (0). */
  missingLeft: Uint8Array;
  /** Child nodes; −1 at a leaf. */
  left: Int32Array;
  right: Int32Array;
  /** [nodes, valueWidth]: outputs of leaves, 0 elsewhere. */
  value: Float32Array;
  /** Sum of the weights (boosting: of the second derivatives) of the training rows in the node. */
  cover: Float64Array;
  /** What the split of the node gained in training; 0 at a leaf. */
  gain: Float64Array;
}

/**
 * What a trained forest or boosting is. Raw scores are what the trees sum to, before any link. Features: float32
 * [rows, featureCount]; a categorical feature holds its code 0 … n − 1; NaN is a missing value.
 */
export interface TreeEnsemble {
  featureCount: number;
  outputCount: number;
  /** 1: tree t adds to output t % outputCount. outputCount: every leaf holds all outputs (forests). */
  valueWidth: number;
  /** [outputCount] */
  baseScores: Float64Array;
  trees: Tree[];
  /** Ascending category codes. */
  categorySets: Int32Array[];
  /** [featureCount]: 1 where a feature holds category codes. */
  categorical: Uint8Array;
  /** Boosting sums its trees, a forest takes their mean. */
  aggregate: 'sum' | 'mean';
}
