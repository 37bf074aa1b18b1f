import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { ErrorCode } from '../../src-shared/errors/catalogue.ts';
import type { Job } from '../../src-shared/domain/job.ts';
import { isModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { JobContext, JobEngine } from '../platform/jobs.ts';

const lookEveryMs = 250;

/**
 * Waits for a job that a coordinating job started, and shows its progress as part `from`–`to` of the coordinator's own.
 * Cancelling the coordinator cancels the job; an interruption leaves it, because it is resumed by itself.
 * Errors: those of the job; MK_JOB_CANCELLED.
 */
export async function waitForJob(
  jobs: JobEngine,
  jobId: string,
  { signal, progress, caller }: Pick<JobContext, 'signal' | 'progress' | 'caller'>,
  { from, to }: { from: number; to: number },
): Promise<Job> {
  const show = (): void => {
    const job = jobs.get(jobId);
    progress(job.progress === null ? from : from + (to - from) * job.progress, job.note ?? undefined);
  };
  const timer = setInterval(show, lookEveryMs);
  try {
    const job = await jobs.wait(jobId, signal);
    if (job.state === 'done') return job;
    if (job.state === 'cancelled' || !job.error) throw new ModelkeepError('MK_JOB_CANCELLED');
    throw new ModelkeepError(job.error.code as ErrorCode, job.error.params);
  } catch (error) {
    if (signal.aborted && isModelkeepError(signal.reason) && signal.reason.code === 'MK_JOB_CANCELLED') await jobs.cancel(jobId, caller);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
