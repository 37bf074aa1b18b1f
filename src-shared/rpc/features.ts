import { z } from 'zod';
import { featureSpec } from '../domain/features.ts';
import { forecast } from '../domain/history.ts';
import { nameSchema, timeMs, versionRef } from '../domain/names.ts';
import { problem } from '../domain/problem.ts';
import { trainRequest } from '../domain/training.ts';

const savedSpec = z.object({
  name: nameSchema,
  version: z.number().int(),
  spec: featureSpec,
  createdAt: timeMs,
  createdBy: z.string(),
  usedBy: z.number().int(),
});

export const features = {
  /** A spec from the profile of the data: what to do with each column, and why a column is left out. */
  'features.propose': {
    params: z.strictObject({ dataset: versionRef, target: trainRequest.shape.target, forecast: forecast.nullable().optional() }),
    result: z.object({
      spec: featureSpec,
      /** Columns of the feature matrix; estimated for text. */ width: z.number().int(),
      problem,
      findings: z.array(
        z.object({ column: z.string(), code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
      ),
    }),
  },
  'features.save': { params: z.strictObject({ name: nameSchema, spec: featureSpec }), result: savedSpec },
  /** Newest version of each. */
  'features.list': { params: z.strictObject({}), result: z.array(savedSpec) },
  'features.get': {
    params: z.strictObject({ name: nameSchema, version: z.number().int().positive().optional() }),
    result: savedSpec.extend({ versions: z.array(z.number().int()) }),
  },
};
