import { z } from 'zod';
import { timeMs } from '../domain/names.ts';

export const auditEntry = z.object({
  sequence: z.number().int(),
  at: timeMs,
  actor: z.string(),
  shell: z.string(),
  /** e.g. `registry.alias.set`. */
  action: z.string(),
  /** e.g. `model churn`. */
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export const audit = {
  /** Newest first; `filter` matches actor, action, subject and details. */
  'audit.list': {
    params: z.strictObject({
      filter: z.string().optional(),
      before: z.number().int().optional(),
      limit: z.number().int().min(1).max(1000).default(200),
    }),
    result: z.object({ entries: z.array(auditEntry), total: z.number().int() }),
  },
  /** Recomputes the whole chain and compares it with the copy of its head beside the database and, in `against`, with an exported log:
   *  only that shows entries cut off, or the whole chain written anew, by someone who may write the folder. */
  'audit.verify': {
    params: z.strictObject({ against: z.string().optional() }),
    result: z.object({
      ok: z.boolean(),
      entries: z.number().int(),
      head: z.string(),
      brokenAt: z.number().int().nullable(),
      problem: z.enum(['changed', 'missing', 'truncated', 'differsFromHead']).nullable(),
      tookMs: z.number(),
      at: timeMs,
    }),
  },
  'audit.export': { params: z.strictObject({ file: z.string() }), result: z.object({ file: z.string(), entries: z.number().int() }) },
};
