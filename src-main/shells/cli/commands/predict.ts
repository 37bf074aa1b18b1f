import { resolve } from 'node:path';
import { defineCommand } from '../command.ts';
import { modelRef } from '../options.ts';
import { atVersion } from './data.ts';

export const predictCommands = [
  defineCommand({
    words: ['predict'],
    usage: 'NAME[:VERSION|@ALIAS] --input FILE --output FILE [--history DATA[@VERSION]]',
    summary: [
      'Scores a file: one row out per row in, with “prediction”, for classes “probability_<class>”, then “lower” and “upper” or “set”.',
      '',
      '  --history         of a forecast: a dataset with the rows before those of the file',
    ].join('\n'),
    options: { input: { type: 'string' }, output: { type: 'string' }, history: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, finish, words: [word], options }) => {
      const output = resolve(options.required('output'));
      const [input, named] = [resolve(options.required('input')), options.text('history')];
      const history = named === undefined ? {} : { history: await atVersion(call, named) };
      const { jobId } = await call('registry.predict', { ...modelRef(word!), input, output, ...history });
      const { result } = await finish(jobId);
      return { output, ...(result as object | null) };
    },
  }),
];
