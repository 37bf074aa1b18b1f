import { z } from 'zod';
import { candidate, run, trainRequest } from '../domain/training.ts';

export const train = {
  'train.start': { params: trainRequest, result: z.object({ runId: z.string(), jobId: z.string() }) },
  /** Newest first, without curves. */
  'train.list': {
    params: z.strictObject({ dataset: z.string().optional(), limit: z.number().int().min(1).max(500).default(100) }),
    result: z.array(run.extend({ best: candidate.nullable() })),
  },
  'train.get': { params: z.strictObject({ runId: z.string() }), result: run.extend({ candidates: z.array(candidate) }) },
};
