import { z } from 'zod';
import { holdout, objective } from './training.ts';

/** What the answers look like: `count`s are whole and reach down to 0, `amount`s are not negative with a long upper tail. */
export const problemKind = z.enum(['binary', 'multiclass', 'count', 'amount', 'quantity', 'multilabel', 'ranking']);

/** What kind of problem a dataset and a target are, as far as the rows show it. */
export const problem = z.object({
  kind: problemKind,
  /** What a run takes where nothing else is asked for: by time or by group where rows have such a structure. */
  holdout,
  /** Worth trying beside squared error; null where there is nothing to say. */
  objective: objective.nullable(),
  /** Why, and what else was noticed; codes are worded by the interface. */
  reasons: z.array(z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) })),
});
export type Problem = z.infer<typeof problem>;
