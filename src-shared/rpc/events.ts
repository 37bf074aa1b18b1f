// What the core tells every open window without being asked. Events are hints to reload: nothing may depend on receiving one.
import { z } from 'zod';
import { job } from '../domain/job.ts';
import { timeMs } from '../domain/names.ts';
import { curvePoint } from '../domain/training.ts';

export const events = {
  /** A job was created or changed; at most four a second for one job. */
  job,
  /** A write was committed. `area` names the views that should reload. */
  changed: z.object({
    area: z.enum(['data', 'label', 'features', 'train', 'registry', 'serve', 'monitor', 'learn', 'advise', 'audit', 'settings']),
    name: z.string().nullable(),
    at: timeMs,
  }),
  /** A training candidate went on; `point` is null when only its state changed. */
  training: z.object({ runId: z.string(), candidateId: z.string(), point: curvePoint.nullable() }),
  /** A step of the guided sample run. */
  demo: z.object({
    jobId: z.string(),
    step: z.string(),
    state: z.enum(['running', 'done', 'failed']),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  /** The core process came back after a crash. */
  coreRestarted: z.object({ at: timeMs }),
} satisfies Record<string, z.ZodType>;

export type Topic = keyof typeof events;
export type EventData<T extends Topic> = z.infer<(typeof events)[T]>;
/** Handed to services by the composition root. */
export type Emit = <T extends Topic>(topic: T, data: EventData<T>) => void;
