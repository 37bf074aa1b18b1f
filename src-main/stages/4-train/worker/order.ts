// What the core asks the train worker for, and what it gets. Everything crosses by structured clone.
import type { FeatureSpec, ModelSignature } from '../../../../src-shared/domain/features.ts';
import type { Forecast } from '../../../../src-shared/domain/history.ts';
import type { Column } from '../../../../src-shared/domain/table.ts';
import type {
  CandidateProgress,
  CurvePoint,
  FoldPlan,
  Holdout,
  Learner,
  MetricName,
  Metrics,
  Objective,
  Run,
  SearchPlan,
} from '../../../../src-shared/domain/training.ts';
import type { Estimate } from '../../../../src-shared/domain/names.ts';

export interface DatasetFile {
  /** Parquet. */
  file: string;
  rows: number;
  columns: Column[];
}

/** Frozen labels: class index by row. */
export interface LabelRows {
  rows: Int32Array;
  codes: Int32Array;
  classes: string[];
}

/** What is looked up for a proposal. */
export interface InspectOrder {
  dataset: DatasetFile;
  target: FeatureSpec['target'];
  labels: LabelRows | null;
  /** Absent: looked for; null: not wanted. */
  forecast?: Forecast | null | undefined;
}

export interface TrainOrder {
  dataset: DatasetFile;
  labels: LabelRows | null;
  spec: FeatureSpec;
  /** For people: the target column or the label set. */
  targetName: string;
  holdout: Holdout;
  learners: Learner[];
  /** Null: chosen by rows and budget. */
  folds: FoldPlan | null;
  search: SearchPlan;
  metric: MetricName | null;
  objective: Objective;
  classWeights: 'none' | 'balanced';
  weightColumn: string | null;
  /** What was noticed before the rows were read in full. */
  noticed: Findings;
  ensemble: boolean;
  /** Level of intervals and sets; null: neither. */
  interval: { level: number } | null;
  /** Whether a small model learns the answers of the ensemble. */
  distill: boolean;
  /** From the start of the job to its last answer. */
  timeBudgetMs: number;
  /** When its time began to run, milliseconds since 1970. */
  beganAtMs: number;
  seed: number;
  /** Checkpoints; survives a kill. */
  folder: string;
  /** What was measured of this machine, for all runs. */
  machineFolder: string;
  /** Where finished models are put, in the file system of the blobs. */
  outFolder: string;
}

export type Findings = Run['findings'];

/** Told once, before the first candidate. */
export interface Prepared {
  rows: NonNullable<Run['rows']>;
  signature: ModelSignature;
  primaryMetric: MetricName;
  findings: Findings;
  folds: FoldPlan;
}
export type Settings = Record<string, number | string | boolean | number[]>;

/** Told when a candidate is proposed; `at` counts up from 0 without gaps. */
export interface CandidateAdded {
  at: number;
  learner: Learner;
  settings: Settings;
  progress: CandidateProgress;
}

/** Told whenever a candidate changes. */
export interface CandidateNews {
  at: number;
  state: 'training' | 'done' | 'failed' | 'stopped';
  settings: Settings;
  validation: Metrics;
  trainMs: number;
  curve: CurvePoint[];
  progress: CandidateProgress;
}
export interface PointNews {
  at: number;
  point: CurvePoint;
}

export interface FinishedCandidate {
  at: number;
  modelFile: string;
  referenceFile: string;
  /** Of a model of trees alone; see `keptTrees.ts`. */
  treesFile: string | null;
  test: Metrics;
  predictMs: number;
  parity: number;
  importance: { column: string; drop: Estimate }[];
  /** Of an ensemble: places of its members. */
  members: { at: number; weight: number }[];
}

export interface TrainResult {
  candidates: FinishedCandidate[];
  /** Place of the best by validation. */
  best: number;
  findings: Findings;
  /** Ended early because someone asked. */
  stopped: boolean;
}

/** Which rows a model answers: of a dataset version, all or those named. */
export interface ScoreRows {
  dataset: DatasetFile;
  rows: Int32Array | null;
}
