import { z } from 'zod';
import { timeMs } from './names.ts';

export const jobState = z.enum(['queued', 'running', 'done', 'failed', 'cancelled']);
export const errorData = z.object({
  code: z.string(),
  /** Fill the catalogue's message and hint: file, row, column, found, expected … */
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type ErrorData = z.infer<typeof errorData>;

export const job = z.object({
  id: z.string(),
  number: z.number().int(),
  kind: z.string(),
  /** What it works on, e.g. `dataset churn`, for people. */
  subject: z.string(),
  state: jobState,
  /** 0 to 1; null while the length is unknown. */
  progress: z.number().nullable(),
  /** Key of what it is doing now, with figures; the interface words it. */
  note: z.object({ key: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }).nullable(),
  etaMs: z.number().nullable(),
  priority: z.number().int(),
  attempts: z.number().int(),
  cancellable: z.boolean(),
  error: errorData.nullable(),
  result: z.unknown(),
  createdAt: timeMs,
  startedAt: timeMs.nullable(),
  finishedAt: timeMs.nullable(),
  createdBy: z.string(),
});
export type Job = z.infer<typeof job>;
