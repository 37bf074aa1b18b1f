import { z } from 'zod';
import { nameSchema, timeMs, versionRef } from '../domain/names.ts';

/** A business figure per day over a dataset; always the newest version of it. */
export const metricDefinition = z.object({
  name: nameSchema,
  title: z.string().min(1).max(120),
  dataset: nameSchema,
  timeColumn: z.string(),
  aggregate: z.enum(['sum', 'average', 'count', 'share']),
  /** Column that is summed or averaged; for `share` the condition column; null for `count`. */
  valueColumn: z.string().nullable(),
  /** For `share`: the value that counts. */
  shareOf: z.string().nullable(),
  dimensions: z.array(z.string()),
  period: z.enum(['day', 'week', 'month']),
  unit: z.string().max(20),
  /** Which direction is good. */
  goal: z.enum(['up', 'down']),
});
export type MetricDefinition = z.infer<typeof metricDefinition>;

export const metricPoint = z.object({
  at: timeMs,
  value: z.number().nullable(),
  expected: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  anomaly: z.boolean(),
});

export const contribution = z.object({
  dimension: z.string(),
  value: z.string(),
  actual: z.number(),
  expected: z.number(),
  change: z.number(),
  /** Share of the whole gap, may exceed 1 or be negative. */ share: z.number(),
  rows: z.number().int(),
});

export const advice = z.object({
  id: z.string(),
  metric: nameSchema,
  title: z.string(),
  unit: z.string(),
  at: timeMs,
  /** The period that stands out. */
  periodFrom: timeMs,
  periodTo: timeMs,
  actual: z.number(),
  expected: z.number(),
  low: z.number(),
  high: z.number(),
  /** Actual − expected over the period. */
  gap: z.number(),
  contributions: z.array(contribution),
  /** What to do and why, as a key that the interface words, with figures. */
  action: z.object({ key: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
  state: z.enum(['open', 'taken', 'dismissed']),
  decision: z.object({ by: z.string(), at: timeMs, note: z.string() }).nullable(),
});
export type Advice = z.infer<typeof advice>;

export const metricReport = metricDefinition.extend({
  datasetVersion: versionRef,
  points: z.array(metricPoint),
  /** How the expectation was made: seasonal periods, interval, method, history length; in words of the interface. */
  method: z.object({ key: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
  latest: metricPoint.nullable(),
  advice: z.array(advice),
  at: timeMs,
});

export const advise = {
  'advise.saveMetric': { params: metricDefinition, result: metricDefinition },
  'advise.removeMetric': { params: z.strictObject({ name: nameSchema }), result: z.object({ removed: z.boolean() }) },
  'advise.metrics': {
    params: z.strictObject({}),
    result: z.array(
      metricDefinition.extend({ latest: metricPoint.nullable(), spark: z.array(z.number().nullable()), openAdvice: z.number().int() }),
    ),
  },
  'advise.metric': { params: z.strictObject({ name: nameSchema }), result: metricReport },
  /** Reads the series, looks for what stands out, explains it and writes advice. */
  'advise.analyse': { params: z.strictObject({ name: nameSchema }), result: z.object({ jobId: z.string() }) },
  'advise.list': { params: z.strictObject({ state: z.enum(['open', 'all']).default('open') }), result: z.array(advice) },
  'advise.decide': {
    params: z.strictObject({ id: z.string(), decision: z.enum(['taken', 'dismissed']), note: z.string().max(2000).default('') }),
    result: advice,
  },
};
