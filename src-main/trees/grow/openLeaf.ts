// What growth knows of a leaf that may still be split, and of its best split.
export interface Split {
  gain: number;
  slot: number;
  /** Numbers: last bin that goes left. */
  bin: number;
  missingRight: boolean;
  set: Uint8Array | undefined;
  /** Sums of the left side. */
  gradient: number;
  hessian: number;
  /** L2 of the outputs of both sides. */
  penalty: number;
}

/** Gradients of one tree, packed, and what 1 stands for in them. */
export interface PackedGradients {
  packed: number;
  gradientUnit: number;
  hessianUnit: number;
}

/** A leaf while the tree grows. */
export interface OpenLeaf {
  from: number;
  to: number;
  depth: number;
  /** Sums of the packed gradients. */
  gradient: number;
  hessian: number;
  /** 0: none is kept. */
  histogram: number;
  /** Bounds of its output, from monotone constraints. */
  lower: number;
  upper: number;
  /** L2 of its own output: subsets of categories add some. */
  penalty: number;
  /** The node above, and the side. */
  parent: number;
  isRight: boolean;
  path: ReadonlySet<number>;
  /** 1 for slots of categories that gained nothing above: they are not tried again (as in LightGBM), which would fit noise. */
  closed: Uint8Array | undefined;
  split: Split | undefined;
}
