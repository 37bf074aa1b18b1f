import { z } from 'zod';
import { candidate, run, trainRequest } from '../domain/training.ts';
import { trainingGraph } from '../domain/trainingGraph.ts';

export const train = {
  'train.start': { params: trainRequest, result: z.object({ runId: z.string(), jobId: z.string() }) },
  /** Newest first, without curves. */
  'train.list': {
    params: z.strictObject({ dataset: z.string().optional(), limit: z.number().int().min(1).max(500).default(100) }),
    result: z.array(run.extend({ best: candidate.nullable() })),
  },
  /** What the compiler made of a candidate's network, phase by phase, and a measured profile; takes a second or two. */
  'train.graph': { params: z.strictObject({ candidateId: z.string() }), result: trainingGraph },
  'train.get': {
    params: z.strictObject({ runId: z.string() }),
    /** `paused`, `addedMs` and `elapsedMs` (of its budget; pauses do not count) are of a run that is going on. */
    result: run.extend({
      candidates: z.array(candidate),
      paused: z.boolean(),
      addedMs: z.number(),
      elapsedMs: z.number().nullable(),
    }),
  },
  /** What a running search should do: wait or go on, take more time, finish with the best so far. */
  'train.steer': {
    params: z.strictObject({
      runId: z.string(),
      pause: z.boolean().optional(),
      addMs: z.number().int().min(1000).max(86_400_000).optional(),
      finish: z.literal(true).optional(),
    }),
    result: z.object({ paused: z.boolean(), addedMs: z.number() }),
  },
};
