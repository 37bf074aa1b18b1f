import { z } from 'zod';
import { datasetKind } from '../domain/table.ts';

const bilingual = z.object({ en: z.string(), zh: z.string() });

export const samples = {
  'samples.list': {
    params: z.strictObject({}),
    result: z.array(
      z.object({
        id: z.string(),
        title: bilingual,
        description: bilingual,
        kind: datasetKind,
        rows: z.number().int(),
        sizeBytes: z.number().int(),
        target: z.string(),
        licence: z.string(),
        source: z.string(),
        imported: z.boolean(),
      }),
    ),
  },
  /** Imports the sample only. */
  'samples.import': { params: z.strictObject({ id: z.string() }), result: z.object({ jobId: z.string() }) },
  /** The whole way, from raw file to a prediction over HTTP; steps arrive as `demo` events and in the job's result. */
  'samples.run': { params: z.strictObject({ id: z.string() }), result: z.object({ jobId: z.string() }) },
};

/** Result of a demo job. */
export const demoResult = z.object({
  sample: z.string(),
  steps: z.array(z.object({ step: z.string(), tookMs: z.number(), params: z.record(z.string(), z.union([z.string(), z.number()])) })),
  tookMs: z.number(),
  endpointUrl: z.string(),
  curl: z.string(),
  prediction: z.unknown(),
});
