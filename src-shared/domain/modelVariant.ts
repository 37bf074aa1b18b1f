import { z } from 'zod';
import { sha256Schema, timeMs } from './names.ts';
import { pairedMetric } from './training.ts';

/** `dynamic` measures activations at each call; `static` has measured them on sample rows. */
export const quantizationKind = z.enum(['dynamic', 'static']);
export type QuantizationKind = z.infer<typeof quantizationKind>;

/** What 8-bit integers change, on test rows of the version that the model was not trained on. */
export const quantizationReport = z.object({
  kind: quantizationKind,
  /** Products that now compute in 8-bit integers. */
  quantized: z.number().int(),
  /** Learned operators that go on in float. */
  kept: z.array(z.object({ operator: z.string(), count: z.number().int() })),
  /** Of the static form: the rows that ranges were measured on; `file` null: training rows of the version. */
  sample: z.object({ file: z.string().nullable(), rows: z.number().int() }).nullable(),
  /** Test rows that both files answered. */
  rows: z.number().int(),
  /** `a` is the float file, `b` the one in integers. */
  metrics: z.array(pairedMetric),
  /** Rows with another class, or a number that differs by more than a thousandth of the spread of the answers. */
  answersChanged: z.number().int(),
  /** Of one probability, or of one number in its own units. */
  largestDifference: z.number(),
  originalBytes: z.number().int(),
  sizeBytes: z.number().int(),
  /** Median of one row, session warm, one thread. */
  originalRowMs: z.number(),
  rowMs: z.number(),
});
export type QuantizationReport = z.infer<typeof quantizationReport>;

/** Another file of a registered version: the same model in 8-bit integers. */
export const modelVariant = quantizationReport.extend({ sha256: sha256Schema, createdAt: timeMs, createdBy: z.string() });
export type ModelVariant = z.infer<typeof modelVariant>;
