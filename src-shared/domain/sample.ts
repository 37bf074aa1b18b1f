import { z } from 'zod';
import { task } from './features.ts';
import { datasetKind, importOptions } from './table.ts';
import { holdout } from './training.ts';

const bilingual = z.strictObject({ en: z.string().min(1), zh: z.string().min(1) });

/**
 * What a demo does to real rows on their way to an endpoint, so that monitoring has something to find.
 * No broken data is bundled: the change is made at run time, on rows of the sample.
 */
export const breakage = z.discriminatedUnion('kind', [
  /** `fraction` of the requests arrive without this column. */
  z.strictObject({ kind: z.literal('missing'), column: z.string(), fraction: z.number().gt(0).max(1), reason: bilingual }),
  /** The column arrives multiplied by `factor` in `fraction` of the requests, as when a source changes its unit. */
  z.strictObject({
    kind: z.literal('scaled'),
    column: z.string(),
    factor: z.number(),
    fraction: z.number().gt(0).max(1),
    reason: bilingual,
  }),
]);
export type Breakage = z.infer<typeof breakage>;

/** The fields of a metric definition (rpc/advise.ts) but the dataset, which gets its name at import. */
export const sampleMetric = z.strictObject({
  name: z.string(),
  title: bilingual,
  timeColumn: z.string(),
  aggregate: z.enum(['sum', 'average', 'count', 'share']),
  valueColumn: z.string().nullable(),
  shareOf: z.string().nullable(),
  dimensions: z.array(z.string()),
  period: z.enum(['day', 'week', 'month']),
  unit: z.string().max(20),
  goal: z.enum(['up', 'down']),
});

/** `resources/samples/<id>/sample.json`, written by `scripts/samples/make.ts`. */
export const sample = z.strictObject({
  /** Name of its folder, and of the dataset that it is imported as. */
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: bilingual,
  description: bilingual,
  /** What to import, relative to the sample's folder: a file, or for texts and images a folder with one subfolder per class. */
  files: z.array(z.string()).min(1),
  kind: datasetKind,
  /** Column to predict; for texts and images the column that holds the subfolder's name. */
  target: z.string(),
  task,
  suggestedSplit: holdout,
  /** Where the automatic choice of types is worth correcting. */
  importOptions: importOptions.optional(),
  businessMetric: sampleMetric.optional(),
  breakages: z.array(breakage).optional(),
  rows: z.number().int().positive(),
  /** Bytes of everything in `files`. */
  sizeBytes: z.number().int().positive(),
  /** SPDX expression; the text is in LICENSE beside sample.json. */
  licence: z.string(),
  /** Package and version that it was taken from, and who made the data. */
  source: z.string(),
});
export type Sample = z.infer<typeof sample>;
