/**
 * Training: runs, candidates, finished models and what they say about rows.
 *
 * A run reads one dataset version, holds rows back (validation chooses, test judges once at the end), fits features on the training
 * rows, trains every candidate through ONNX Runtime and writes each as one self-contained ONNX file.
 *
 * Caveats
 * - Equal requests give bit-identical models as long as the time budget is not reached; the finding `timeBudget` says that it was.
 * - At most a million rows are read, and 768 MiB of features are kept for training; the finding `rowsSampled` says when fewer rows were used.
 * - The chosen candidate is not trained again on validation rows.
 */
export { TrainService, type ModelOfRun, type PredictParams, type TrainDependencies } from './trainService.ts';
export { ModelWork, type ModelWorkDependencies } from './modelWork.ts';
export { trainDefaults } from './trainJob.ts';
export type { LabelReader, TrainData } from './sources.ts';
export type { Comparison, CompareNote } from './worker/models/compareModels.ts';
export type { Scores } from './worker/models/scoreRows.ts';
export { signatureKey } from './exportModel.ts';
export { measure } from './metrics/measure.ts';
