/**
 * Features: what is done with each raw column on its way into a model, learned from training rows and written as ONNX.
 *
 * Caveats
 * - Fitted values come from the rows that are given: give training rows only.
 * - Only ASCII is put in lower case inside a model; other scripts' case and composition are folded through the spellings that
 *   training met. Text is compared by code points otherwise.
 * - Where a fitted text has a pre-processor (`input.preprocessor`), raw tables and callers still hold plain text: whoever feeds a graph
 *   lets `Preprocessing` run first.
 * - Images are resized before the model (`decodeImage`, also when serving); the model's input has one fixed size.
 */
export { answeredRows, flagsAt, isAnswered, labelCounts, oneLabel, rowsOfTarget, strata, targetAt, type Target } from './target.ts';
export { association, leakScore } from './association.ts';
export { batches } from './batches.ts';
export { checkSpec } from './checkSpec.ts';
export { compareText } from './compareText.ts';
export { decodeImage, imageSize, type ImageSize } from './decodeImage.ts';
export { addFeatureGraph, reservedNames } from './featureGraph.ts';
export { FeatureTransformer } from './FeatureTransformer.ts';
export { checkHistory, checkSeriesKey, usedHistory, withHistoryColumns } from './history/checkHistory.ts';
export { computeHistory } from './history/computeHistory.ts';
export { naiveErrors } from './history/naiveErrors.ts';
export { findStep, periodsOf } from './history/periods.ts';
export { isNumeric } from './history/proposeHistory.ts';
export { findSeason } from './history/seasonality.ts';
export type { ColumnInTime, SeriesFacts } from './history/seriesFacts.ts';
export type { SortedSeries } from './history/SortedSeries.ts';
export { fitFeatures, type FitContext } from './fitFeatures.ts';
export type { FeatureView, FittedColumn, FittedFeatures } from './fittedFeatures.ts';
export { codeCounts, columnsOfFeatures, featureNames, featureWidth } from './layout.ts';
export { trainingFeatures, type TrainingContext, type TrainingFeatures } from './trainingFeatures.ts';
export { hanShare, mostClasses, numberFacts, spacelessShare, type Inspection, type TargetInspection } from './inspection.ts';
export { isEntityName } from './keyNames.ts';
export { noticeColumns } from './noticeColumns.ts';
export { groupFacts, isPanel, sameWithin, timeFacts, type Structure } from './structure.ts';
export { onnxLoader, type OnnxOptions } from './onnxRunner.ts';
export { noticeInteractions } from './proposeInteractions.ts';
export { proposeSpec, type ColumnFinding, type Proposal } from './proposeSpec.ts';
export {
  allRows,
  columnFeed,
  stringColumn,
  type LoadModel,
  type ModelRunner,
  type RawColumn,
  type RawTable,
  type TensorLike,
} from './rawTable.ts';
export { dictionaryShare } from './words/dictionaryShare.ts';
export { jiebaWords, Preprocessing } from './words/preprocessing.ts';
export { FeatureService, specHash, type FeatureData, type FeatureDependencies, type Inspector } from './featureService.ts';
