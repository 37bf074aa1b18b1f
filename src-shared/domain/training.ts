import { z } from 'zod';
import { featureSpec, modelSignature, task } from './features.ts';
import { estimate, nameSchema, sha256Schema, timeMs, versionRef } from './names.ts';

/** Larger is better for `accuracy auc f1 r2`; smaller for `logLoss rmse mae`. */
export const metricNames = ['accuracy', 'auc', 'f1', 'logLoss', 'rmse', 'mae', 'r2'] as const;
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
};
export const metrics = z.partialRecord(metricName, estimate);
export type Metrics = z.infer<typeof metrics>;

export const holdout = z.discriminatedUnion('kind', [
  /** By hash of the row's number and the seed; each class keeps its share. */
  z.strictObject({
    kind: z.literal('stratified'),
    validationFraction: z.number().min(0.05).max(0.4),
    testFraction: z.number().min(0.05).max(0.4),
  }),
  /** Oldest rows train, newest test. */
  z.strictObject({
    kind: z.literal('temporal'),
    timeColumn: z.string(),
    validationFraction: z.number().min(0.05).max(0.4),
    testFraction: z.number().min(0.05).max(0.4),
  }),
]);
export type Holdout = z.infer<typeof holdout>;

export const learner = z.enum(['baseline', 'linear', 'mlp']);
export type Learner = z.infer<typeof learner>;

export const trainRequest = z.strictObject({
  dataset: versionRef,
  target: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('column'), column: z.string() }),
    z.strictObject({ kind: z.literal('labels'), labelSet: nameSchema, version: z.number().int().positive() }),
  ]),
  /** Absent: proposed automatically. */
  spec: featureSpec.optional(),
  holdout: holdout.optional(),
  learners: z.array(learner).min(1).optional(),
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
