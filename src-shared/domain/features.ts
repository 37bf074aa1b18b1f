import { z } from 'zod';
import { nameSchema, versionRef } from './names.ts';
import { columnType } from './table.ts';

/** What is done with one raw column on its way into the model. */
export const featureRule = z.discriminatedUnion('kind', [
  z.object({
    column: z.string(),
    kind: z.literal('numeric'),
    impute: z.enum(['median', 'mean', 'zero']),
    missingFlag: z.boolean(),
    scale: z.enum(['standard', 'none']),
    transform: z.enum(['none', 'log1p']),
  }),
  z.object({ column: z.string(), kind: z.literal('boolean') }),
  /** Values rarer than `minCount` and unseen ones share one "other" column. */
  z.object({ column: z.string(), kind: z.literal('oneHot'), maxValues: z.number().int(), minCount: z.number().int() }),
  z.object({
    column: z.string(),
    kind: z.literal('textNgrams'),
    unit: z.enum(['word', 'character']),
    minN: z.number().int(),
    maxN: z.number().int(),
    maxFeatures: z.number().int(),
    weighting: z.enum(['tfidf', 'count', 'binary']),
  }),
  z.object({ column: z.string(), kind: z.literal('datetime'), parts: z.array(z.enum(['age', 'dayOfWeek', 'month', 'hour'])) }),
  z.object({
    column: z.string(),
    kind: z.literal('imagePixels'),
    width: z.number().int(),
    height: z.number().int(),
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  z.object({
    column: z.string(),
    kind: z.literal('drop'),
    reason: z.enum([
      'identifier',
      'constant',
      'allMissing',
      'target',
      'leak',
      'user',
      'highCardinality',
      'time',
      'reservedName',
      'fileFact',
    ]),
  }),
]);
export type FeatureRule = z.infer<typeof featureRule>;

export const task = z.enum(['binary', 'multiclass', 'regression']);
export type Task = z.infer<typeof task>;

export const featureSpec = z.object({
  dataset: versionRef,
  /** A column of the dataset, or a frozen label set. */
  target: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('column'), column: z.string() }),
    z.object({ kind: z.literal('labels'), labelSet: nameSchema, version: z.number().int().positive() }),
  ]),
  task,
  /** Target values in model order; empty for regression. */
  classes: z.array(z.string()),
  rules: z.array(featureRule),
});
export type FeatureSpec = z.infer<typeof featureSpec>;

/** What the served model takes: raw columns in, by name. */
export const modelInput = z.object({
  name: z.string(),
  type: columnType,
  /** ONNX element type: numbers float32, dates float64 epoch days (NaN = missing), text and categories string ('' = missing), images uint8 [N,H,W,C]. */
  onnxType: z.enum(['float32', 'float64', 'int64', 'string', 'uint8', 'bool']),
  /** Without the batch dimension; [1] for a plain column. */
  shape: z.array(z.number().int()),
  required: z.boolean(),
  /** Seen in training; outside it is flagged, not refused. */
  range: z.object({ min: z.number(), max: z.number() }).nullable(),
  /** Seen in training, at most 200; others are flagged as new. */
  categories: z.array(z.string()).nullable(),
});
export type ModelInput = z.infer<typeof modelInput>;

export const modelSignature = z.object({
  task,
  inputs: z.array(modelInput),
  /** `prediction` (string for classes, float32 for regression) and, for classes, `probabilities` float32 [N, C]. */
  outputs: z.array(z.object({ name: z.string(), onnxType: z.enum(['float32', 'string', 'int64']), shape: z.array(z.number().int()) })),
  classes: z.array(z.string()),
  target: z.string(),
});
export type ModelSignature = z.infer<typeof modelSignature>;
