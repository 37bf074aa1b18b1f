// A job in words: what it is, what it is doing, how long it will take. For every place that shows jobs.
import type { Job } from '../../src-shared/domain/job.ts';
import { learnerNames } from '../../src-shared/domain/training.ts';
import { fmt } from '../format/fmt.svelte.ts';
import { coreWords } from './coreWords.ts';
import { t } from './i18n.svelte.ts';

/** "Import dataset churn" */
export function jobTitle({ kind, subject }: Pick<Job, 'kind' | 'subject'>): string {
  return `${coreWords('core:kind.', kind)} · ${subjectWords(subject)}`;
}

/** What the core calls an object, e.g. `label set tone`, in the language of the window. */
export function subjectWords(subject: string): string {
  for (const [prefix, key] of subjects) {
    if (subject.startsWith(`${prefix} `)) return t(`core:subject.${key}`, { name: subject.slice(prefix.length + 1) });
  }
  return subject;
}

export function jobNote({ note }: Job): string | undefined {
  if (!note) return undefined;
  const { learner } = note.params;
  const known = learnerNames.find((each) => each === learner);
  const named = known ? { learner: t(`train:learner.${known}`) } : {};
  return coreWords('core:note.', note.key, { ...note.params, ...named });
}

/** At the right of a job: time left, or how it ended. */
export function jobTime(job: Job, now: number): string {
  if (job.state === 'queued') return t('today:job.waiting');
  if (job.state === 'cancelled') return t('today:job.cancelled');
  if (job.state === 'failed') return t('today:job.failed');
  const tookMs = (job.finishedAt ?? now) - (job.startedAt ?? job.createdAt);
  if (job.state === 'done') return t('today:job.done', { time: fmt.duration(tookMs) });
  return job.etaMs === null ? t('today:job.running', { time: fmt.duration(wholeSeconds(tookMs)) }) : fmt.timeLeft(job.etaMs);
}

const subjects = [
  ['dataset', 'dataset'],
  ['label set', 'labelSet'],
  ['model', 'model'],
  ['endpoint', 'endpoint'],
  ['run', 'run'],
  ['sample', 'sample'],
  ['metric', 'metric'],
  ['file', 'file'],
] as const;

/** A clock that ticks by the second must not show 1.3 s. */
function wholeSeconds(durationMs: number): number {
  return Math.max(0, Math.floor(durationMs / 1000) * 1000);
}
