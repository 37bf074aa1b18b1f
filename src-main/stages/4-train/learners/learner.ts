// What a learner is. `index.ts` is the table of them; learnerContract.test.ts walks it, so a new entry is tested on arrival.
import type { Calibrations } from '../devices/Calibrations.ts';
import type { ProviderState } from '../devices/providers.ts';
import type { CurvePoint } from '../../../../src-shared/domain/training.ts';
import type { Graph, Runtime } from '../../../compiler/index.ts';
import type { Matrix } from './matrix.ts';
import type { SearchSpace } from './searchSpace.ts';
import type { Settings } from './settings.ts';

export type { SettingValue, Settings } from './settings.ts';

export const learnerNames = [
  'baseline',
  'linear',
  'bayes',
  'nearest',
  'rules',
  'boosting',
  'forest',
  'extraTrees',
  'mlp',
  'network',
  'ensemble',
] as const;
export type LearnerName = (typeof learnerNames)[number];

/** What is asked. It decides the outputs of a learner, see `outputsOf`. */
export type LearnerTask =
  /** One of `classes` classes; outputs are logits, one a class (also for two): softmax gives probabilities. */
  | { kind: 'class'; classes: number }
  /** Any subset of `labels` labels; outputs are logits, one a label: sigmoid gives probabilities. */
  | { kind: 'labels'; labels: number }
  /** A number; the output is the number itself, in the target's own units (after any link). */
  | { kind: 'number'; objective: NumberObjective }
  /** An order within each group of rows, by relevance; the output is a score, larger is earlier. */
  | { kind: 'ranking' };

/**
 * What the number is of the distribution of the target. `quantile` has one output a level, in rising order of levels.
 * `poisson`, `gamma` and `tweedie` (1 < power < 2) are deviances with a log link: targets ≥ 0 (gamma: > 0), outputs > 0.
 */
export type NumberObjective =
  | { kind: 'squared' }
  | { kind: 'absolute' }
  /** Squared up to a residual of `delta`, absolute beyond; in the target's own units. */
  | { kind: 'huber'; delta: number }
  | { kind: 'quantile'; levels: readonly number[] }
  | { kind: 'poisson' }
  | { kind: 'gamma' }
  | { kind: 'tweedie'; power: number };

export function outputsOf(task: LearnerTask): number {
  switch (task.kind) {
    case 'class':
      return task.classes;
    case 'labels':
      return task.labels;
    case 'number':
      return task.objective.kind === 'quantile' ? task.objective.levels.length : 1;
    case 'ranking':
      return 1;
  }
}

/** The answers of some rows. A row without one is not given to a learner. */
export type LearnerTarget =
  | { kind: 'class'; codes: Int32Array; classes: number }
  /** Row-major [rows, labels], 0 or 1. */
  | { kind: 'labels'; flags: Uint8Array; labels: number }
  /** In its own units; for ranking the relevance of the row. */
  | { kind: 'number'; values: Float64Array };

export interface LabelledMatrix {
  features: Matrix;
  target: LearnerTarget;
  /** ≥ 0, one a row, not all 0; a row of weight 2 counts as two rows. Absent: 1. */
  weights?: Float32Array;
  /** Ranking: number of the group that each row is of; rows of a group stand together. */
  groups?: Int32Array;
}

/** What one column of the feature matrix is. */
export interface FeatureColumn {
  name: string;
  /** `flag` is 0 or 1. A `category` (view `codes` only) holds 0 … categories − 1, NaN when missing. */
  kind: 'number' | 'flag' | 'category';
  categories?: number;
  /** Holds the seasonal naive forecast, in the target's own units (view `codes` only). */
  isNaiveForecast?: boolean;
}

export interface FitData {
  task: LearnerTask;
  /** One a column of the features. */
  columns: readonly FeatureColumn[];
  train: LabelledMatrix;
  /** For early stopping and choosing; absent: fit on all rows, with what the settings say. */
  validation?: LabelledMatrix;
  /** Rows are in the order of time, oldest first. */
  ordered?: boolean;
}

/** What is known before any fit: portfolios and spaces depend on this alone. */
export interface DataFacts {
  task: LearnerTask;
  rows: number;
  width: number;
  /** Categorical features of the view `codes`. */
  categorical: number;
  budgetMs: number;
  threads: number;
}

export interface FitControl {
  nowMs(): number;
  /** By `nowMs`: a fit gives what it has by then. */
  deadlineMs: number;
  /** Asked at least every 100 ms or so of work; anything but 'no' ends the fit with what it has. */
  shouldStop(): 'no' | 'time' | 'asked';
  /** Lets the process hear its messages; awaited about as often. Absent: never. */
  pause?(): Promise<void>;
  onPoint(point: CurvePoint): void;
  /** Resident bytes of this process, for curve points. */
  memoryBytes?(): number;
  seed: number;
  runtime: Runtime;
  threads: number;
  /** Long fits only (networks, boosting): state to go on from, and where it is kept; called between two steps. */
  resume?: LearnerState;
  onState?(state: () => LearnerState): Promise<void>;
  /** Where networks that are too large for one graph train; absent: on the processor, in a form that is not measured. */
  devices?: FitDevices;
  /** Something about this machine that people should know: it becomes a finding of the run. */
  onNotice?(notice: FitNotice): void;
}

export interface FitDevices {
  /** What was measured of this machine. */
  calibrations: Calibrations;
  /** What works on this machine; looked for at the first call. */
  providers(): Promise<readonly ProviderState[]>;
}

/** `deviceLost`: from, to, step, reason. `threadLost`: threads, reason. */
export interface FitNotice {
  code: 'deviceLost' | 'threadLost';
  params: Record<string, string | number>;
}

/** All that a fitted learner is, or a fit in progress: `json` survives JSON, arrays are written as bytes. */
export interface LearnerState {
  json: unknown;
  arrays: Record<string, Float32Array | Float64Array | Int32Array | Uint8Array>;
}

export interface FittedLearner {
  /** Raw outputs [rows, outputs], row-major, as the trainer itself computes them. */
  predict(features: Matrix): Promise<Float32Array>;
  /** ONNX graph `features` float32 [N, width] → `outputs` float32 [N, outputs], equal to `predict` to 1e-6 relative (trees: same leaf). */
  graph(): Graph;
  /** Its learner's `restore` gives the same learner back. */
  state(): LearnerState;
  /** What training decided, for people: { rounds: 143 }. */
  chosen: Settings;
  curve: CurvePoint[];
  /** Why it ended; `time` and `asked` mean that it could have become better. */
  ended: 'complete' | 'time' | 'asked';
  release(): Promise<void>;
}

/** What computing with a fitted learner takes. */
export type Engine = Pick<FitControl, 'runtime' | 'threads'>;

/**
 * Two views of the same rows: `scaled` is dense and finite (standardised numbers, one-hot categories, n-grams: for linear models,
 * networks and neighbours), `codes` has raw numbers and category codes with NaN where a cell is missing (for trees and rules).
 */
export interface Learner<S extends Settings = Settings> {
  name: LearnerName;
  view: 'scaled' | 'codes';
  supports(task: LearnerTask): boolean;
  /** True: a row of integer weight counts exactly as that many equal rows (tested). */
  weightsAreRepeats: boolean;
  /** Strong settings first; at least one. */
  portfolio(facts: DataFacts): S[];
  /** What a search may draw beyond; [] where there is nothing. */
  space(facts: DataFacts): SearchSpace;
  /**
   * Equal data, settings and seed give equal bytes as long as nothing ends the fit early. Columns that are constant get no say.
   * Errors: those of the learner, MK_TRAIN_NOT_FINITE when nothing finite came of it.
   */
  fit(data: FitData, settings: S, control: FitControl): Promise<FittedLearner>;
  restore(state: LearnerState, engine: Engine): FittedLearner;
  /**
   * One learner that answers the mean of the raw outputs of all (forests of classes: of their probabilities), for those of one task
   * and width. Absent, or null where these have no such mean: graphs are averaged.
   */
  merge?(fitted: readonly FittedLearner[]): FittedLearner | null;
}

export function factsOf({ task, columns, train }: FitData, limits: Pick<DataFacts, 'budgetMs' | 'threads'>): DataFacts {
  return {
    task,
    rows: train.features.rows,
    width: train.features.width,
    categorical: columns.filter((each) => each.kind === 'category').length,
    ...limits,
  };
}
