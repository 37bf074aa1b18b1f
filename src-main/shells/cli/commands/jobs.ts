import type { Job } from '../../../../src-shared/domain/job.ts';
import { defineCommand } from '../command.ts';
import { time, type Out } from '../render.ts';

const states = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;

export const jobsCommands = [
  defineCommand({
    words: ['jobs', 'list'],
    usage: '[--state queued|running|done|failed|cancelled] [--limit N]',
    summary: 'Shows jobs, newest first.',
    options: { state: { type: 'string' }, limit: { type: 'string' } },
    run: ({ call, options }) => {
      const state = options.oneOf('state', states);
      const limit = options.integer('limit');
      return call('jobs.list', { ...(state ? { states: [state] } : {}), ...(limit === undefined ? {} : { limit }) });
    },
    print: ({ jobs }, out) =>
      out.table(
        jobs.map(({ id, kind, subject, state, progress, createdAt, error }) => ({
          id,
          kind,
          subject,
          state,
          progress,
          created: time(createdAt),
          error: error?.code ?? '',
        })),
      ),
  }),
  defineCommand({
    words: ['jobs', 'show'],
    usage: 'ID',
    summary: 'Shows one job with its result.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [id] }) => call('jobs.get', { id: id! }),
    print: printJob,
  }),
  defineCommand({
    words: ['jobs', 'cancel'],
    usage: 'ID',
    summary: 'Takes a job out of the queue, or stops it.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [id] }) => call('jobs.cancel', { id: id! }),
    print: printJob,
  }),
];

function printJob({ createdAt, startedAt, finishedAt, ...job }: Job, out: Out): void {
  out.fields({ ...job, created: time(createdAt), started: time(startedAt), finished: time(finishedAt) });
}
