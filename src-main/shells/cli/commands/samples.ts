import { demoResult } from '../../../../src-shared/rpc/samples.ts';
import { defineCommand } from '../command.ts';

export const sampleCommands = [
  defineCommand({
    words: ['demo'],
    usage: 'NAME',
    summary: 'Takes a bundled sample from the raw file to a prediction over HTTP, showing each step.',
    positionals: { min: 1, max: 1 },
    run: async ({ call, finish, words: [id] }) => {
      const { jobId } = await call('samples.run', { id: id! });
      return demoResult.parse((await finish(jobId)).result);
    },
    print: ({ steps, tookMs, curl, prediction }, out) => {
      out.table(
        steps.map(({ step, tookMs: stepMs, params }) => ({
          step,
          seconds: Number((stepMs / 1000).toFixed(1)),
          result: Object.entries(params)
            .map(([key, value]) => `${key} ${value}`)
            .join(', '),
        })),
      );
      out.line(`${(tookMs / 1000).toFixed(1)} s in all`);
      out.line();
      out.line(curl);
      out.line(JSON.stringify(prediction));
    },
  }),
];
