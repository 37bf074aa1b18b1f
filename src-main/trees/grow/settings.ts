/** How a tree grows. Names, meanings and defaults are LightGBM's (https://lightgbm.readthedocs.io/en/stable/Parameters.html). */
export interface GrowSettings {
  /** Most leaves; the leaf with the largest gain is split next. 31. */
  numLeaves: number;
  /** Most splits from the root to a leaf; ≤ 0 is no limit. −1. */
  maxDepth: number;
  /** Least rows of a leaf. A side's rows are told by its share of the hessians. 20. */
  minDataInLeaf: number;
  /** 1e−3. */
  minSumHessianInLeaf: number;
  /** 0. */
  minGainToSplit: number;
  lambdaL1: number;
  lambdaL2: number;
  /** Largest |output| of a leaf before the learning rate; 0 is no limit. */
  maxDeltaStep: number;
  /** Share of the features that a tree may use, and of those a node. 1. */
  featureFraction: number;
  featureFractionBynode: number;
  /** Added to the hessian of a category before ordering; categories of fewer rows are not split off. 10. */
  catSmooth: number;
  /** L2 on top for subsets of categories. 10. */
  catL2: number;
  /** Most categories on the smaller side of a subset. 32. */
  maxCatThreshold: number;
  /** Least rows between two subsets that are tried. 100. */
  minDataPerGroup: number;
  /** For each feature 1 (rising), −1 (falling) or 0; empty: none. LightGBM's "basic" method. */
  monotoneConstraints: readonly number[];
  /** Features of one path stay within one of these sets; empty: no limit. */
  interactionConstraints: readonly (readonly number[])[];
}

export const growDefaults: GrowSettings = {
  numLeaves: 31,
  maxDepth: -1,
  minDataInLeaf: 20,
  minSumHessianInLeaf: 1e-3,
  minGainToSplit: 0,
  lambdaL1: 0,
  lambdaL2: 0,
  maxDeltaStep: 0,
  featureFraction: 1,
  featureFractionBynode: 1,
  catSmooth: 10,
  catL2: 10,
  maxCatThreshold: 32,
  minDataPerGroup: 100,
  monotoneConstraints: [],
  interactionConstraints: [],
};
