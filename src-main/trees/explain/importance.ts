import type { TreeEnsemble } from '../ensemble.ts';

/** What the training says of each feature, [featureCount] each. */
export interface FeatureImportance {
  /** Sum of what the splits on the feature gained. Favours features with many values: see the contributions on held-out rows too. */
  readonly gain: Float64Array;
  /** How many splits test the feature. */
  readonly splits: Float64Array;
  /** Sum of the training weight that passes those splits. */
  readonly cover: Float64Array;
}

export function featureImportance({ featureCount, trees }: TreeEnsemble): FeatureImportance {
  const [gain, splits, cover] = [new Float64Array(featureCount), new Float64Array(featureCount), new Float64Array(featureCount)];
  for (const tree of trees)
    tree.feature.forEach((feature, node) => {
      if (feature < 0) return;
      gain[feature]! += tree.gain[node]!;
      splits[feature]! += 1;
      cover[feature]! += tree.cover[node]!;
    });
  return { gain, splits, cover };
}
