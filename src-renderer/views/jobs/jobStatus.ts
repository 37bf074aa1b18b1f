import type { Job } from '../../../src-shared/domain/job.ts';
import type { Status } from '../../components/tone.ts';

/** Icon and colour of a job's state, the same in list and detail. */
export const jobStatus: Record<Job['state'], Status> = {
  queued: 'stale',
  running: 'running',
  done: 'ok',
  failed: 'crit',
  cancelled: 'neutral',
};
