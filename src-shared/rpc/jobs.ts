import { z } from 'zod';
import { job, jobState } from '../domain/job.ts';

export const jobs = {
  /** Newest first. */
  'jobs.list': {
    params: z.strictObject({ states: z.array(jobState).optional(), limit: z.number().int().min(1).max(500).default(100) }),
    result: z.object({ jobs: z.array(job), running: z.number().int(), queued: z.number().int() }),
  },
  'jobs.get': { params: z.strictObject({ id: z.string() }), result: job },
  /** Resolves when the job has stopped or was taken out of the queue. */
  'jobs.cancel': { params: z.strictObject({ id: z.string() }), result: job },
  /** Queues a failed or cancelled job again, with the same parameters. */
  'jobs.retry': { params: z.strictObject({ id: z.string() }), result: job },
};
