// Where the result of a job stands.
import type { Job } from '../../../src-shared/domain/job.ts';
import { versionOfResult } from '../data/jobResult.ts';

export type JobResult = { kind: 'page'; label: string; segments: (string | number)[] } | { kind: 'file'; path: string } | null;

/** Null while there is none, or when this window does not know the kind of job. */
export function resultOf({ kind, subject, state, result }: Pick<Job, 'kind' | 'subject' | 'state' | 'result'>): JobResult {
  if (state !== 'done') return null;
  const found = typeof result === 'object' && result !== null ? (result as Record<string, unknown>) : {};
  const text = (name: string): string | null => (typeof found[name] === 'string' ? found[name] : null);
  if (kind === 'train') return page(text('runId'), 'train');
  if (kind === 'learn') return page(text('cycleId'), 'learn');
  if (kind === 'advise.analyse') return page(text('metric'), 'advise');
  if (kind === 'samples.run') return page(subject.startsWith('sample ') ? subject.slice('sample '.length) : null, 'welcome');
  const file = text('file');
  if (file !== null) return { kind: 'file', path: file };
  const version = versionOfResult(result);
  return version && { kind: 'page', label: `${version.name} v${version.version}`, segments: ['data', version.name, `v${version.version}`] };
}

function page(id: string | null, area: string): JobResult {
  return id === null ? null : { kind: 'page', label: '', segments: [area, id] };
}
