// What a run and its fit processes tell each other. Matrices pass through files, so that every process reads them once.
import type { CurvePoint } from '../../../../../src-shared/domain/training.ts';
import type { FeatureView } from '../../../3-features/api.ts';
import type { FeatureColumn, FitNotice, LearnerName, LearnerTask, Settings } from '../../learners/learner.ts';
import type { Fold } from '../../search/folds.ts';

/** The development rows of a run. */
export interface FitSource {
  task: LearnerTask;
  rows: number;
  /** Row-major float32 [rows, columns.length] in `file`. */
  views: Partial<Record<FeatureView, { file: string; columns: FeatureColumn[] }>>;
  /** int32 class codes, uint8 flags [rows, labels], or float64 values. */
  targetFile: string;
  /** float32, one a row; null: every row counts once. */
  weightsFile: string | null;
  /** int32, one a row; of rankings alone. In every fold the rows of a group stand together. */
  groupsFile: string | null;
  folds: Fold[];
  ordered: boolean;
  threads: number;
  /** What was measured of this machine, for all runs; absent: large networks train on the processor, in a form that is not measured. */
  machineFolder?: string;
}

export interface FitOrder {
  learner: LearnerName;
  settings: Settings;
  fold: number;
  seed: number;
  /** From now. */
  withinMs: number;
  /** Where the state goes, and the raw outputs float32 [validation rows, outputs] of the fold. */
  stateFile: string;
  answersFile: string;
  /** State of a fit that was cut off, where there is one; and where a long fit keeps it. */
  checkpointFile: string;
}

export interface FitResult {
  chosen: Settings;
  curve: CurvePoint[];
  ended: 'complete' | 'time' | 'asked';
  fitMs: number;
  /** For the validation rows of the fold. */
  predictMs: number;
  /** Of the fitted learner in its file. */
  stateBytes: number;
  /** What happened to devices and threads. */
  notices?: FitNotice[];
}

export interface FitPoint {
  fold: number;
  point: CurvePoint;
}
