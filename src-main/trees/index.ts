// The only door of this layer.
export type { Tree, TreeEnsemble } from './ensemble.ts';
export { TreePool, type TreeThreads } from './TreePool.ts';
export { serveTreeThread } from './serveTreeThread.ts';
export type { HelperThread, TeamInvitation } from '../kernels/threads/ThreadTeam.ts';
export { treeBytes, type TreeFacts } from './treeBytes.ts';
export { binLike, binRows, type BinOptions } from './bin/binRows.ts';
export type { TreeMatrix } from './bin/TreeMatrix.ts';
export type { BinnedMatrix } from './bin/BinnedMatrix.ts';
export {
  trainBoosting,
  type BoostingControl,
  type BoostingInput,
  type BoostingProgress,
  type BoostingState,
  type TrainedBoosting,
} from './boosting/trainBoosting.ts';
export { forestBytes, trainForest, type ForestInput, type TrainedForest } from './forest/trainForest.ts';
export { forestDefaults, type ForestSettings } from './forest/settings.ts';
export type { ForestTarget } from './forest/ForestMemory.ts';
export { boostingDefaults, type BoostingSettings } from './boosting/settings.ts';
export type { LabelledRows } from './boosting/ScoredMatrix.ts';
export type { BoostingObjective, CustomObjective, ScoredRows } from './objectives/objective.ts';
export { ensembleGraph, treeOpsets, type ExportSettings } from './export/ensembleGraph.ts';
export type { TreeOpset } from './export/rawScores.ts';
export { applyLink, linkedOutputs, type Link } from './export/links.ts';
export { TreeScorer } from './score/TreeScorer.ts';
export { TreeExplainer, type Explanation } from './explain/TreeExplainer.ts';
export { featureImportance, type FeatureImportance } from './explain/importance.ts';
export { summarizeContributions, type ContributionSummary } from './explain/contributionSummary.ts';
export type { ImportedEnsemble } from './import/importedEnsemble.ts';
export { readLightgbm } from './import/lightgbm.ts';
export { readXgboost } from './import/xgboost.ts';
