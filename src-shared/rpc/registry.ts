import { z } from 'zod';
import { modelSignature } from '../domain/features.ts';
import { modelVariant, quantizationKind } from '../domain/modelVariant.ts';
import { estimate, nameSchema, sha256Schema, timeMs, versionRef } from '../domain/names.ts';
import { candidate, metricName, metrics, pairedMetric, reference } from '../domain/training.ts';

/** `champion` is what production endpoints follow; any other alias is free. */
export const aliasName = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/);

export const modelVersion = z.object({
  model: nameSchema,
  version: z.number().int().positive(),
  aliases: z.array(aliasName),
  runId: z.string(),
  candidateId: z.string(),
  learner: candidate.shape.learner,
  dataset: versionRef,
  signature: modelSignature,
  test: metrics,
  primaryMetric: metricName,
  sha256: sha256Schema,
  sizeBytes: z.number().int(),
  description: z.string(),
  createdAt: timeMs,
  createdBy: z.string(),
});
export type ModelVersion = z.infer<typeof modelVersion>;

export const registeredModel = z.object({
  name: nameSchema,
  description: z.string(),
  versions: z.number().int(),
  latest: modelVersion,
  champion: modelVersion.nullable(),
  endpoints: z.array(z.string()),
  createdAt: timeMs,
});

export const lineageNode = z.object({
  id: z.string(),
  kind: z.enum(['file', 'dataset', 'labelSet', 'features', 'run', 'modelVersion', 'endpoint', 'monitor']),
  name: z.string(),
  version: z.number().int().nullable(),
  /** Hash route of the page that shows it, e.g. `#/data/churn/v3`; null for files. */
  route: z.string().nullable(),
});
export const lineage = z.object({
  nodes: z.array(lineageNode),
  edges: z.array(z.object({ from: z.string(), to: z.string() })),
  /** Runs of a dataset that led to no version and are not drawn. */
  omittedRuns: z.number().int(),
});
export type Lineage = z.infer<typeof lineage>;

/** Sentences of a generated model card and the figures that each one takes. */
export const cardKeys = [
  /** task, target, classes */ 'purpose',
  /** dataset, version, train, validation, test (rows) */ 'trainedOn',
  /** labelSet, version */ 'labelledBy',
  /** dropped: rows without a target */ 'rowsDropped',
  /** column */ 'temporalHoldout',
  'stratifiedHoldout',
  /** learner, trainMs, seed */ 'learner',
  /** metric, value, low?, high?, rows */ 'testResult',
  /** metric, value: what the constant answer reaches */ 'baselineResult',
  /** metric */ 'notBetterThanBaseline',
  /** metric, value: what the seasonal naive forecast reaches */ 'naiveResult',
  /** metric */ 'notBetterThanNaive',
  /** column: of the time, horizon (steps) */ 'forecast',
  /** used, leftOut (columns) */ 'inputs',
  /** columns: numbers outside the training range are flagged, not refused */ 'rangeLimits',
  /** columns: values not seen in training are flagged, not refused */ 'categoryLimits',
  /** rows: too few for a narrow interval */ 'fewTestRows',
  /** difference: largest difference between the file and the trainer */ 'parity',
  /** code and figures of a finding of the run */ 'finding',
] as const;
export type CardKey = (typeof cardKeys)[number];

export const registry = {
  'registry.register': {
    params: z.strictObject({ candidateId: z.string(), name: nameSchema, description: z.string().max(5000).default('') }),
    result: modelVersion,
  },
  'registry.list': { params: z.strictObject({}), result: z.array(registeredModel) },
  'registry.get': {
    params: z.strictObject({ name: nameSchema }),
    result: registeredModel.extend({
      all: z.array(modelVersion),
      history: z.array(
        z.object({
          at: timeMs,
          actor: z.string(),
          alias: aliasName,
          from: z.number().int().nullable(),
          to: z.number().int().nullable(),
          reason: z.string(),
        }),
      ),
    }),
  },
  'registry.version': {
    params: versionRef,
    result: modelVersion.extend({
      reference: reference.nullable(),
      lineage,
      /** The card: what it is for, what it was trained on, limits; generated, with the person's description on top. */
      card: z.array(z.object({ key: z.enum(cardKeys), params: z.record(z.string(), z.union([z.string(), z.number()])) })),
      /** Weight of each raw column for the answer, by permutation on test rows, in units of the primary metric. */
      importance: z.array(z.object({ column: z.string(), drop: estimate })),
      /** Oldest first. */
      variants: z.array(modelVariant),
    }),
  },
  'registry.describe': {
    params: z.strictObject({ name: nameSchema, version: z.number().int().positive(), description: z.string().max(5000) }),
    result: modelVersion,
  },
  /** Endpoints that follow the alias switch without a failed request. */
  'registry.setAlias': {
    params: z.strictObject({
      name: nameSchema,
      alias: aliasName,
      version: z.number().int().positive(),
      reason: z.string().max(2000).default(''),
    }),
    result: modelVersion,
  },
  'registry.removeAlias': {
    params: z.strictObject({ name: nameSchema, alias: aliasName, reason: z.string().max(2000).default('') }),
    result: z.object({ removed: z.boolean() }),
  },
  /** Both versions answer the same rows: the test rows of `b`, or those of `a` where `b` was trained on them. */
  'registry.compare': {
    params: z.strictObject({ name: nameSchema, a: z.number().int().positive(), b: z.number().int().positive() }),
    result: z.object({
      a: modelVersion,
      b: modelVersion,
      rows: z.number().int(),
      metrics: z.array(pairedMetric),
      answersChanged: z.number().int(),
      settings: z.array(z.object({ key: z.string(), a: z.string().nullable(), b: z.string().nullable() })),
      inputs: z.array(z.object({ column: z.string(), a: z.string().nullable(), b: z.string().nullable() })),
      note: z.string(),
    }),
  },
  'registry.lineage': {
    params: z.strictObject({ kind: lineageNode.shape.kind, name: z.string(), version: z.number().int().nullable() }),
    result: lineage,
  },
  /**
   * Makes the version's file in 8-bit integers and measures what that changes on the version's test rows; kept, so that asking again
   * is quick. `sample`: a CSV or Parquet file for the ranges of the static form; default: training rows.
   */
  'registry.quantize': {
    params: versionRef.extend({ kind: quantizationKind, sample: z.string().optional() }),
    result: modelVariant,
  },
  /** `variant`: hash of one that `registry.quantize` made; default: the version's own file. */
  'registry.export': {
    params: versionRef.extend({ file: z.string(), variant: sha256Schema.optional() }),
    result: z.object({ file: z.string(), sha256: sha256Schema }),
  },
  /** Hashes every stored model (or one model's) again. */
  'registry.verify': {
    params: z.strictObject({ name: nameSchema.optional() }),
    result: z.object({ checked: z.number().int(), corrupt: z.array(versionRef) }),
  },
  /** Scores a CSV or Parquet file: one output row per input row with `prediction` and, for classes, `probability_<class>`. */
  'registry.predict': {
    params: z.strictObject({
      name: nameSchema,
      version: z.number().int().positive().optional(),
      alias: aliasName.optional(),
      input: z.string(),
      output: z.string(),
      /** A dataset version with earlier rows, for a model that looks at them. */
      history: versionRef.optional(),
    }),
    result: z.object({ jobId: z.string() }),
  },
};
