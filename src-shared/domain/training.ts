import { z } from 'zod';
import { featureSpec, modelSignature, target, task, type Task } from './features.ts';
import { forecast } from './history.ts';
import { estimate, nameSchema, sha256Schema, timeMs, versionRef } from './names.ts';

/**
 * The first seven are computed for every model (those of its task); the others on request. Of several classes a metric of one
 * class is the mean over classes, each against the rest; of several labels the mean over labels. The last eight are of labels and of
 * rankings alone.
 */
export const metricNames = [
  'accuracy',
  'auc',
  'f1',
  'logLoss',
  'rmse',
  'mae',
  'r2',
  'averagePrecision',
  'balancedAccuracy',
  'precision',
  'recall',
  'f1Macro',
  'f1Weighted',
  'mcc',
  'kappa',
  'brier',
  'calibrationError',
  'top3Accuracy',
  'lift10',
  'recall5',
  'medianAbsoluteError',
  'mape',
  'smape',
  'rmsle',
  'poissonDeviance',
  'pinball5',
  'pinball10',
  'pinball25',
  'pinball75',
  'pinball90',
  'pinball95',
  'spearman',
  'mase',
  'ndcg10',
  'ndcg5',
  'meanAveragePrecision',
  'meanReciprocalRank',
  'hammingLoss',
  'subsetAccuracy',
  'f1Micro',
  'aucMicro',
] as const;
export const metricName = z.enum(metricNames);
export type MetricName = z.infer<typeof metricName>;
export const higherIsBetter: Record<MetricName, boolean> = {
  accuracy: true,
  auc: true,
  f1: true,
  logLoss: false,
  rmse: false,
  mae: false,
  r2: true,
  averagePrecision: true,
  balancedAccuracy: true,
  precision: true,
  recall: true,
  f1Macro: true,
  f1Weighted: true,
  mcc: true,
  kappa: true,
  brier: false,
  calibrationError: false,
  top3Accuracy: true,
  lift10: true,
  recall5: true,
  medianAbsoluteError: false,
  mape: false,
  smape: false,
  rmsle: false,
  poissonDeviance: false,
  pinball5: false,
  pinball10: false,
  pinball25: false,
  pinball75: false,
  pinball90: false,
  pinball95: false,
  spearman: true,
  mase: false,
  ndcg10: true,
  ndcg5: true,
  meanAveragePrecision: true,
  meanReciprocalRank: true,
  hammingLoss: false,
  subsetAccuracy: true,
  f1Micro: true,
  aucMicro: true,
};
/** In the order in which they are told. */
const ofLabels: readonly MetricName[] = [
  'averagePrecision',
  'f1Micro',
  'f1Macro',
  'aucMicro',
  'auc',
  'hammingLoss',
  'subsetAccuracy',
  'logLoss',
];
const ofRankings: readonly MetricName[] = ['ndcg10', 'ndcg5', 'meanAveragePrecision', 'meanReciprocalRank'];
/** All metrics that a task has. */
export function metricsOf(of: Task): MetricName[] {
  if (of === 'multilabel') return [...ofLabels];
  if (of === 'ranking') return [...ofRankings];
  const ofNumbers = ['rmse', 'mae', 'r2', ...metricNames.slice(metricNames.indexOf('medianAbsoluteError'))];
  const aside: readonly MetricName[] = [
    ...ofRankings,
    'hammingLoss',
    'subsetAccuracy',
    'f1Micro',
    'aucMicro',
    ...(of === 'binary' ? (['top3Accuracy'] as const) : []),
  ];
  return metricNames.filter((name) => !aside.includes(name) && ofNumbers.includes(name) === (of === 'regression'));
}

const ownScale = new Set<MetricName>([
  'rmse',
  'mae',
  'medianAbsoluteError',
  'poissonDeviance',
  'pinball5',
  'pinball10',
  'pinball25',
  'pinball75',
  'pinball90',
  'pinball95',
]);

/** Errors in units of the target have no fixed scale. */
export function hasOwnScale(metric: MetricName): boolean {
  return ownScale.has(metric);
}

export const metrics = z.partialRecord(metricName, estimate);
export type Metrics = z.infer<typeof metrics>;

/** Two models on the same rows: what each reaches, and the paired difference b − a (bootstrap 95 %). `better` means that b is better than a. */
export const pairedMetric = z.object({
  metric: metricName,
  a: estimate,
  b: estimate,
  difference: estimate,
  verdict: z.enum(['better', 'worse', 'noProvenDifference']),
});
export type PairedMetric = z.infer<typeof pairedMetric>;

export const holdout = z.discriminatedUnion('kind', [
  /** By hash of the row's number and the seed; each class keeps its share. */
  z.strictObject({
    kind: z.literal('stratified'),
    validationFraction: z.number().min(0.05).max(0.4),
    testFraction: z.number().min(0.05).max(0.4),
  }),
  /** Oldest rows train, newest test; `gap`: so many moments before the test rows are left out, as they would not be known yet. */
  z.strictObject({
    kind: z.literal('temporal'),
    timeColumn: z.string(),
    gap: z.number().int().min(0).max(10_000).optional(),
    validationFraction: z.number().min(0.05).max(0.4),
    testFraction: z.number().min(0.05).max(0.4),
  }),
  /** Rows with the same value in `groupColumn` are in one part; parts are near the fractions, and alike in their answers. */
  z.strictObject({
    kind: z.literal('group'),
    groupColumn: z.string(),
    validationFraction: z.number().min(0.05).max(0.4),
    testFraction: z.number().min(0.05).max(0.4),
  }),
]);
export type Holdout = z.infer<typeof holdout>;

/** Who validates whom while candidates are chosen; the test rows are held out before. */
export const foldPlan = z.discriminatedUnion('kind', [
  /** One validation part: the latest rows where the holdout is temporal, otherwise random with each class keeping its share. */
  z.strictObject({ kind: z.literal('holdout'), fraction: z.number().min(0.05).max(0.5) }),
  /** k-fold; each class is spread evenly. */
  z.strictObject({ kind: z.literal('stratified'), folds: z.number().int().min(2).max(20) }),
  /** k-fold; rows with the same value in `groupColumn` stay together. */
  z.strictObject({ kind: z.literal('group'), folds: z.number().int().min(2).max(20), groupColumn: z.string() }),
  /** Expanding window: each fold validates on the moments after those that it trained on, `gap` moments between them left out. */
  z.strictObject({
    kind: z.literal('expanding'),
    folds: z.number().int().min(2).max(20),
    timeColumn: z.string(),
    gap: z.number().int().min(0).max(10_000).optional(),
  }),
]);
export type FoldPlan = z.infer<typeof foldPlan>;

/** Levels that there is a metric for. */
export const quantileLevels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] as const;

/**
 * What a predicted number is of the distribution of the target. `squared`, `poisson`, `gamma` and `tweedie` give its mean (the last
 * three by a deviance with a log link: targets ≥ 0, gamma > 0), `absolute` and `huber` its middle, `quantile` a level of it.
 */
export const objective = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('squared') }),
  z.strictObject({ kind: z.literal('absolute') }),
  /** Squared up to a residual of `delta`, absolute beyond; in the target's own units. */
  z.strictObject({ kind: z.literal('huber'), delta: z.number().positive() }),
  z.strictObject({ kind: z.literal('quantile'), level: z.union(quantileLevels.map((level) => z.literal(level))) }),
  z.strictObject({ kind: z.literal('poisson') }),
  z.strictObject({ kind: z.literal('gamma') }),
  /** 1 is Poisson, 2 gamma; between them many exact zeros and heavy tails. */
  z.strictObject({ kind: z.literal('tweedie'), power: z.number().min(1.05).max(1.95) }),
]);
export type Objective = z.infer<typeof objective>;

/** `ensemble` is made of other candidates when they are done; it cannot be asked for alone. */
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
export const learner = z.enum(learnerNames);
export type Learner = z.infer<typeof learner>;

/** Learners that a run can be asked for, in the order of their names above; a test holds them against the table of learners. */
export const searchLearners: readonly Learner[] = [
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
];

/** Those that answer with a class only; all others take numbers, too. */
export const classLearners: readonly Learner[] = ['bayes'];
/** Those that answer several labels a row, and those that rank. */
export const labelLearners: readonly Learner[] = ['baseline', 'linear', 'nearest', 'boosting', 'network'];
export const rankingLearners: readonly Learner[] = ['baseline', 'linear', 'boosting', 'forest', 'extraTrees'];

/** How settings beyond each learner's own portfolio are proposed. */
export const searchPlan = z.strictObject({
  method: z.enum(['portfolio', 'grid', 'random', 'tpe']),
  /** Candidates in all, baseline included; absent: as many as the time allows. */
  maxCandidates: z.number().int().min(1).max(10_000).optional(),
  /** For `grid`: per learner, the values of each setting; every combination is tried. */
  grid: z.partialRecord(learner, z.record(z.string(), z.array(z.union([z.number(), z.string(), z.boolean()])).min(1))).optional(),
});
export type SearchPlan = z.infer<typeof searchPlan>;

export const trainRequest = z.strictObject({
  dataset: versionRef,
  target,
  /** Absent: proposed automatically. */
  spec: featureSpec.optional(),
  /** Where a spec is proposed: what is forecast, and how far ahead. Absent: by what the rows show, one step ahead; null: no forecast. */
  forecast: forecast.nullable().optional(),
  holdout: holdout.optional(),
  learners: z.array(learner).min(1).optional(),
  /** Absent: chosen by the number of rows, the budget, and whether rows have times or groups. */
  folds: foldPlan.optional(),
  search: searchPlan.optional(),
  /** For numbers; absent: squared. Learners that cannot minimise it do not compete. */
  objective: objective.optional(),
  /** `balanced`: in training every class weighs the same in all. Default none. */
  classWeights: z.enum(['none', 'balanced']).optional(),
  /** How much each row counts in training, ≥ 0; no feature. Metrics count every row once. */
  weightColumn: z.string().optional(),
  /** What candidates are ranked by. Absent: auc (two classes), accuracy (more), for numbers by the objective (squared: rmse). */
  metric: metricName.optional(),
  /** Whether the best candidates are averaged into one more. Default true. */
  ensemble: z.boolean().optional(),
  /** Models also answer with an interval, of classes with a set, that holds the truth for this share of rows. Default 0.9; null: neither. */
  interval: z
    .strictObject({ level: z.number().min(0.5).max(0.99) })
    .nullable()
    .optional(),
  /** Whether a small model is taught to answer as the ensemble does; one more candidate. Default false. */
  distill: z.boolean().optional(),
  timeBudgetMs: z.number().int().min(1000).max(86_400_000).optional(),
  seed: z.number().int().min(0).optional(),
  /** Registers the best candidate under this name when the run ends. */
  registerAs: nameSchema.optional(),
  /** Model whose champion the candidates are compared with, on the same test rows. */
  compareWith: nameSchema.optional(),
});
export type TrainRequest = z.infer<typeof trainRequest>;

export const curvePoint = z.object({
  step: z.number().int(),
  epoch: z.number(),
  trainLoss: z.number(),
  validationLoss: z.number().nullable(),
  elapsedMs: z.number(),
  /** Resident memory of the training process; null where it was not measured. */
  memoryBytes: z.number().int().nullable().default(null),
});
export type CurvePoint = z.infer<typeof curvePoint>;

/** One fit of a candidate on one fold, for the picture of who worked when. */
export const fit = z.object({
  worker: z.number().int(),
  fold: z.number().int(),
  /** Since the run began. */
  fromMs: z.number(),
  toMs: z.number().nullable(),
  /** The run's metric on the fold's own validation rows; null while it is fitted and where it is undefined. */
  value: z.number().nullable().default(null),
});
export type Fit = z.infer<typeof fit>;

export const candidateProgress = z.object({
  /** Where its settings came from: a learner's list of strong ones, a grid, chance, or a model of what was seen (`expected`: its loss). */
  origin: z.object({ kind: z.enum(['portfolio', 'grid', 'random', 'tpe', 'ensemble', 'distilled']), expected: z.number().nullable() }),
  folds: z.object({ planned: z.number().int(), done: z.number().int() }),
  fits: z.array(fit),
  /** Of an ensemble: what it averages. */
  members: z.array(z.object({ candidateId: z.string(), weight: z.number() })),
  /** Why it ended before its last fold: clearly worse than the best, or out of time. */
  dropped: z.enum(['worse', 'time']).nullable(),
  /** Code of the error that a failed one ended with. */
  failure: z.string().nullable().default(null),
});
export type CandidateProgress = z.infer<typeof candidateProgress>;

export const candidate = z.object({
  id: z.string(),
  runId: z.string(),
  learner,
  /** Settings that produced it, e.g. { hidden: [64], learningRate: 0.003, weightDecay: 0.0001, epochs: 31 }. */
  settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.array(z.number())])),
  state: z.enum(['waiting', 'training', 'done', 'failed', 'stopped']),
  validation: metrics,
  /** On the untouched test rows; empty until training is done. */
  test: metrics,
  /** Blob of the self-contained ONNX model. */
  sha256: sha256Schema.nullable(),
  sizeBytes: z.number().int().nullable(),
  trainMs: z.number(),
  /** Median, one row, in process. */
  predictMs: z.number().nullable(),
  /** Largest |ONNX − trainer| over the test rows. */
  parity: z.number().nullable(),
  curve: z.array(curvePoint),
  /** Null for candidates of earlier versions of the program. */
  progress: candidateProgress.nullable().default(null),
});
export type Candidate = z.infer<typeof candidate>;

export const runState = z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']);
export const run = z.object({
  id: z.string(),
  number: z.number().int(),
  jobId: z.string(),
  request: trainRequest,
  spec: featureSpec.nullable(),
  signature: modelSignature.nullable(),
  task: task.nullable(),
  state: runState,
  /** What candidates are ranked by, on validation rows. */
  primaryMetric: metricName.nullable(),
  rows: z.object({ train: z.number().int(), validation: z.number().int(), test: z.number().int(), dropped: z.number().int() }).nullable(),
  bestCandidateId: z.string().nullable(),
  startedAt: timeMs,
  finishedAt: timeMs.nullable(),
  createdBy: z.string(),
  findings: z.array(z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) })),
});
export type Run = z.infer<typeof run>;

/** Distribution of one input in the training rows, kept with the version so that drift needs no raw data. */
export const referenceColumn = z.object({
  name: z.string(),
  kind: z.enum(['numeric', 'categorical', 'text']),
  rows: z.number().int(),
  nullRate: z.number(),
  /** Numeric (and text length): inner edges of quantile bins; the outer two bins are open. */
  edges: z.array(z.number()).nullable(),
  /** Categorical: the values, the last being "other". */
  values: z.array(z.string()).nullable(),
  /** Share of non-missing rows in each bin. */
  shares: z.array(z.number()),
});
export type ReferenceColumn = z.infer<typeof referenceColumn>;
/** `prediction` is the distribution of the model's own answers on the test rows. */
export const reference = z.object({
  columns: z.array(referenceColumn),
  prediction: referenceColumn,
  rows: z.number().int(),
  test: metrics,
});
export type Reference = z.infer<typeof reference>;
