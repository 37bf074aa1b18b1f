import { z } from 'zod';
import { nameSchema, timeMs, versionRef } from '../domain/names.ts';
import { registry } from './registry.ts';

const comparison = registry['registry.compare'].result;

export const cycle = z.object({
  id: z.string(),
  number: z.number().int(),
  model: nameSchema,
  endpoint: nameSchema.nullable(),
  trigger: z.object({ kind: z.enum(['alert', 'button']), alertId: z.string().nullable(), actor: z.string(), at: timeMs }),
  /** Newest version of the champion's dataset, or labelled requests added to it. */
  dataset: versionRef.nullable(),
  /** Stored requests with truth that were added to the dataset for this cycle. */
  requestsAdded: z.number().int(),
  champion: versionRef,
  challenger: versionRef.nullable(),
  jobId: z.string(),
  runId: z.string().nullable(),
  state: z.enum(['preparing', 'training', 'comparing', 'proposed', 'promoted', 'rejected', 'noImprovement', 'failed']),
  comparison: comparison.nullable(),
  gates: z.array(
    z.object({
      gate: z.enum(['sameRows', 'enoughRows', 'notWorse', 'proven', 'signature', 'latency', 'parity']),
      passed: z.boolean(),
      value: z.number().nullable(),
      limit: z.number().nullable(),
    }),
  ),
  decision: z.object({ by: z.string(), at: timeMs, reason: z.string() }).nullable(),
  error: z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }).nullable(),
  startedAt: timeMs,
  finishedAt: timeMs.nullable(),
});
export type Cycle = z.infer<typeof cycle>;

export const learn = {
  'learn.start': {
    params: z.strictObject({
      model: nameSchema,
      alertId: z.string().optional(),
      /** Default: newest version of the champion's dataset. */ dataset: versionRef.optional(),
      /** Adds stored requests whose truth has arrived. */ withRequests: z.boolean().default(true),
      timeBudgetMs: z.number().int().min(1000).optional(),
      seed: z.number().int().optional(),
    }),
    result: z.object({ cycleId: z.string(), jobId: z.string() }),
  },
  'learn.list': { params: z.strictObject({ model: nameSchema.optional() }), result: z.array(cycle) },
  'learn.get': { params: z.strictObject({ id: z.string() }), result: cycle },
  /** Promote moves `champion` to the challenger; endpoints switch. Both answers are audited. A cycle in state `noImprovement` may be promoted
   *  too, with a reason, unless one of the gates sameRows, enoughRows, signature or parity is closed. */
  'learn.decide': {
    params: z.strictObject({ id: z.string(), decision: z.enum(['promote', 'reject']), reason: z.string().max(2000).default('') }),
    result: cycle,
  },
};
