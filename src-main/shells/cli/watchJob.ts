import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../../src-shared/domain/job.ts';
import type { Client } from '../../../src-shared/rpc/client.ts';
import { RpcError } from '../../../src-shared/rpc/envelope.ts';
import { noteWords } from './jobWords.ts';

export interface WatchOptions {
  /** Gets one line per change, for standard error. */
  show(line: string): void;
  /** Aborting cancels the job. */
  signal: AbortSignal;
}

/** Events are only hints; this is how often the truth is asked for. */
const askEveryMs = 500;

/** Waits until the job has ended. Throws its error, or MK_JOB_CANCELLED. */
export async function watchJob({ call, on }: Client, jobId: string, { show, signal }: WatchOptions): Promise<Job> {
  let shown = '';
  const tell = (job: Job): void => {
    const line = describe(job);
    if (line !== shown) show((shown = line));
  };
  let wake = (): void => {};
  const stopListening = on('job', (job) => {
    if (job.id !== jobId) return;
    tell(job);
    if (hasEnded(job)) wake();
  });
  const cancel = (): void => void call('jobs.cancel', { id: jobId }).catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for (;;) {
      const job = await call('jobs.get', { id: jobId });
      tell(job);
      if (job.state === 'done') return job;
      if (job.state === 'cancelled') throw new RpcError({ code: 'MK_JOB_CANCELLED', params: {} });
      if (job.state === 'failed') throw new RpcError(job.error ?? { code: 'MK_INTERNAL', params: { operation: job.kind, detail: '?' } });
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), sleep(askEveryMs)]);
    }
  } finally {
    stopListening();
    signal.removeEventListener('abort', cancel);
  }
}

function hasEnded({ state }: Job): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** `train churn: running 45 %, 12 s left (candidate 4, neural net)`. */
function describe({ kind, subject, state, progress, etaMs, note }: Job): string {
  const share = progress === null || state === 'done' ? '' : ` ${Math.floor(progress * 100)} %`;
  const left = etaMs === null ? '' : `, ${etaMs < 90_000 ? `${Math.ceil(etaMs / 1000)} s` : `${Math.ceil(etaMs / 60_000)} min`} left`;
  const doing = note && state === 'running' ? ` (${noteWords(note)})` : '';
  return `${kind} ${subject}: ${state}${share}${left}${doing}`;
}
