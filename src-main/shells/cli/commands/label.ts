import { resolve } from 'node:path';
import type { LabelSet } from '../../../../src-shared/rpc/label.ts';
import { defineCommand } from '../command.ts';
import { datasetRef } from '../options.ts';
import type { Out } from '../render.ts';

export const labelCommands = [
  defineCommand({
    words: ['label', 'list'],
    usage: '',
    summary: 'Shows all label sets and how far they are.',
    run: ({ call }) => call('label.list', {}),
    print: (sets, out) => out.table(sets.map(row)),
  }),
  defineCommand({
    words: ['label', 'freeze'],
    usage: 'NAME',
    summary: 'Keeps the present labels as an unchangeable version for training.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [name] }) => call('label.freeze', { name: name! }),
    print: (set: LabelSet, out: Out) => out.table([row(set)]),
  }),
  defineCommand({
    words: ['label', 'export'],
    usage: 'NAME[@VERSION] --output FILE [--format csv|json]',
    summary: 'Writes labels to a file.',
    options: { output: { type: 'string' }, format: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [word], options }) => {
      const file = resolve(options.required('output'));
      return call('label.export', {
        ...datasetRef(word!),
        file,
        format: options.oneOf('format', ['csv', 'json']) ?? (file.endsWith('.json') ? 'json' : 'csv'),
      });
    },
  }),
];

function row({ name, kind, dataset, progress, versions }: LabelSet): Record<string, unknown> {
  const { total, labelled, skipped } = progress;
  return { name, kind, dataset: `${dataset.name}@${dataset.version}`, labelled, skipped, total, versions: versions.length };
}
