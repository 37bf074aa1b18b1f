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
  /** For `share`: the value that counts; the metric is then its share of the rows, 0 to 1. */
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

/** One value of a dimension and its part of the gap. The entries of one dimension sum to the gap: the largest come one by one, largest first,
 *  what is left is one entry with `remainder`, whose `value` is the number of other values. An empty `value` stands for rows without one. */
export const contribution = z.object({
  dimension: z.string(),
  value: z.string(),
  remainder: z.boolean(),
  /** Sum or count of the value's rows in the period; for averages and shares the value's own average. */
  actual: z.number(),
  /** The same as expected from the periods before: share of the whole (sum, count) or own average moved with the whole. */
  expected: z.number(),
  /** Part of the gap: actual − expected; for averages weighted by the value's rows. */
  change: z.number(),
  /** Share of the whole gap, may exceed 1 or be negative. */ share: z.number(),
  rows: z.number().int(),
});

/** What to do, as keys that the interface words with their figures. Amounts are in the metric's unit. */
export const adviceActions = [
  /** dimension, value, gapShare (of the gap, 1 = all), usualShare (of the metric before), change, gap: look there first. */ 'investigateSegment',
  /** The same figures, when the gap is in the good direction: find out what went well and repeat it. */ 'repeatWhatWorked',
  /** rows, usualRows (in the period), emptyPeriods: too few rows arrived; check the source before believing the figure. */ 'checkDataFeed',
  /** dimension, value, rows, usualRows: rows of this value stopped arriving. */ 'checkSegmentFeed',
  /** rows (1 to 3), gapShare, largest: a few rows make the gap; check that they are right. */ 'checkLargestRows',
  /** gap, periods: spread over all dimensions; no single cause in the data. */ 'watchTrend',
] as const;

/** How the expectation was made. */
export const methodKeys = [
  /** periods: shown without expectation until the first analysis. */ 'notAnalysed',
  /** periods, needed: too short for an expectation. */ 'tooFewPeriods',
  /** seasons (lengths in periods, "7, 365", empty for none), judged, intervalShare (of usual values that lie inside), window (periods judged together):
   *  refitted before every period, interval from earlier errors only. */ 'rolling',
] as const;

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
  action: z.object({ key: z.enum(adviceActions), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
  state: z.enum(['open', 'taken', 'dismissed']),
  decision: z.object({ by: z.string(), at: timeMs, note: z.string() }).nullable(),
});
export type Advice = z.infer<typeof advice>;

export const metricReport = metricDefinition.extend({
  datasetVersion: versionRef,
  points: z.array(metricPoint),
  /** How the expectation was made: seasonal periods, interval, method, history length; in words of the interface. */
  method: z.object({ key: z.enum(methodKeys), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
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
      metricDefinition.extend({
        latest: metricPoint.nullable(),
        spark: z.array(z.number().nullable()),
        openAdvice: z.number().int(),
        /** Version of the dataset that `latest` and `spark` come from; null before the first analysis. */
        analysedVersion: z.number().int().nullable(),
        newestVersion: z.number().int(),
      }),
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
