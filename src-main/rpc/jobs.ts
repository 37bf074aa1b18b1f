import type { HandlersOf } from '../../src-shared/rpc/contract.ts';
import type { jobs as namespace } from '../../src-shared/rpc/jobs.ts';
import type { JobEngine } from '../platform/jobs.ts';

export function jobsHandlers(jobs: JobEngine): HandlersOf<typeof namespace> {
  return {
    'jobs.list': ({ states, limit }) => ({ jobs: jobs.list({ states, limit }), ...jobs.counts() }),
    'jobs.get': ({ id }) => jobs.get(id),
    'jobs.cancel': ({ id }, caller) => jobs.cancel(id, caller),
    'jobs.retry': ({ id }, caller) => jobs.retry(id, caller),
  };
}
