import { resolve } from 'node:path';
import { defineCommand } from '../command.ts';
import { modelRef } from '../options.ts';

export const predictCommands = [
  defineCommand({
    words: ['predict'],
    usage: 'NAME[:VERSION|@ALIAS] --input FILE --output FILE',
    summary:
      'Scores a file: one row out per row in, with “prediction”, for classes “probability_<class>”, then “lower” and “upper” or “set”.',
    options: { input: { type: 'string' }, output: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, finish, words: [word], options }) => {
      const output = resolve(options.required('output'));
      const { jobId } = await call('registry.predict', { ...modelRef(word!), input: resolve(options.required('input')), output });
      const { result } = await finish(jobId);
      return { output, ...(result as object | null) };
    },
  }),
];
