import { resolve } from 'node:path';
import { defineCommand } from '../command.ts';
import { time } from '../render.ts';

export const auditCommands = [
  defineCommand({
    words: ['audit', 'verify'],
    usage: '[--against FILE]',
    summary: 'Recomputes the whole audit chain; with an earlier export it also finds entries that were cut off or written anew.',
    options: { against: { type: 'string' } },
    run: ({ call, options }) => {
      const against = options.text('against');
      return call('audit.verify', against === undefined ? {} : { against: resolve(against) });
    },
    print: ({ ok, entries, brokenAt, problem, tookMs }, out) =>
      out.line(
        ok
          ? `The chain of ${entries} entries is whole (${Math.round(tookMs)} ms).`
          : `The chain is BROKEN at entry ${brokenAt}: ${problem}.`,
      ),
    status: ({ ok }) => (ok ? 0 : 1),
  }),
  defineCommand({
    words: ['audit', 'list'],
    usage: '[--filter TEXT] [--limit N]',
    summary: 'Shows what was done, newest first.',
    options: { filter: { type: 'string' }, limit: { type: 'string' } },
    run: ({ call, options }) => {
      const [filter, limit] = [options.text('filter'), options.integer('limit')];
      return call('audit.list', { ...(filter === undefined ? {} : { filter }), ...(limit === undefined ? {} : { limit }) });
    },
    print: ({ entries }, out) =>
      out.table(entries.map(({ sequence, at, actor, action, subject }) => ({ sequence, at: time(at), actor, action, subject }))),
  }),
  defineCommand({
    words: ['audit', 'export'],
    usage: 'FILE',
    summary: 'Writes all entries as JSON lines; kept elsewhere, the file proves what the chain was.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [file] }) => call('audit.export', { file: resolve(file!) }),
  }),
];
