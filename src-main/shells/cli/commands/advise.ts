import { defineCommand } from '../command.ts';
import { time } from '../render.ts';

export const adviseCommands = [
  defineCommand({
    words: ['advise', 'list'],
    usage: '[--all]',
    summary: 'Shows what stands out in the business figures and what to do.',
    options: { all: { type: 'boolean' } },
    run: ({ call, options }) => call('advise.list', { state: options.flag('all') ? 'all' : 'open' }),
    print: (advice, out) =>
      out.table(
        advice.map(({ id, metric, periodFrom, actual, expected, gap, contributions: [first], action, state }) => ({
          id,
          metric,
          from: time(periodFrom),
          actual,
          expected,
          gap,
          mostly: first ? `${first.dimension} = ${first.value}` : '–',
          action: action.key,
          state,
        })),
      ),
  }),
  defineCommand({
    words: ['advise', 'analyse'],
    usage: 'METRIC',
    summary: 'Reads a business figure, looks for what stands out and explains it.',
    positionals: { min: 1, max: 1 },
    run: async ({ call, finish, words: [name] }) => {
      const { jobId } = await call('advise.analyse', { name: name! });
      await finish(jobId);
      return call('advise.metric', { name: name! });
    },
    print: ({ name, latest, advice, points, method }, out) => {
      out.fields({
        metric: name,
        periods: points.length,
        method: [method.key, ...Object.values(method.params)].join(' '),
        latest: latest?.value,
        expected: latest?.expected,
      });
      for (const {
        periodFrom,
        gap,
        contributions: [first],
        action,
      } of advice) {
        out.line(
          `${time(periodFrom)}: ${gap} against expectation${first ? `, mostly ${first.dimension} = ${first.value}` : ''}; ${action.key}`,
        );
      }
    },
  }),
];
