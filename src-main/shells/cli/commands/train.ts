import { defineCommand, UsageError } from '../command.ts';
import { datasetRef } from '../options.ts';
import { estimateText } from '../render.ts';
import { atVersion } from './data.ts';

const learners = ['baseline', 'linear', 'mlp'] as const;

export const trainCommands = [
  defineCommand({
    words: ['train'],
    usage:
      '--data NAME[@VERSION] (--target COLUMN | --labels SET[@VERSION]) [--time-budget 120s] [--seed N] [--learner NAME]… [--time-column COLUMN] [--register NAME] [--compare-with MODEL]',
    summary: 'Trains models on a dataset and shows what they reach on rows that they have not seen.',
    options: {
      data: { type: 'string' },
      target: { type: 'string' },
      labels: { type: 'string' },
      'time-budget': { type: 'string' },
      seed: { type: 'string' },
      learner: { type: 'string', multiple: true },
      'time-column': { type: 'string' },
      register: { type: 'string' },
      'compare-with': { type: 'string' },
    },
    run: async ({ call, finish, options }) => {
      const [column, labels] = [options.text('target'), options.text('labels')];
      if ((column === undefined) === (labels === undefined)) throw new UsageError('One of --target and --labels is needed');
      const dataset = await atVersion(call, options.required('data'));
      const [timeBudgetMs, seed, registerAs, compareWith] = [
        options.durationMs('time-budget'),
        options.integer('seed'),
        options.text('register'),
        options.text('compare-with'),
      ];
      const [timeColumn, chosen] = [options.text('time-column'), options.list('learner')];
      const { runId, jobId } = await call('train.start', {
        dataset,
        target: column === undefined ? { kind: 'labels', ...(await frozen(call, labels!)) } : { kind: 'column', column },
        ...(timeBudgetMs === undefined ? {} : { timeBudgetMs }),
        ...(seed === undefined ? {} : { seed }),
        ...(registerAs === undefined ? {} : { registerAs }),
        ...(compareWith === undefined ? {} : { compareWith }),
        ...(chosen ? { learners: chosen.map(learnerOf) } : {}),
        ...(timeColumn === undefined ? {} : { holdout: { kind: 'temporal', timeColumn, validationFraction: 0.2, testFraction: 0.2 } }),
      });
      const job = await finish(jobId);
      // What the job itself reports (e.g. the registered version) beside the whole run.
      return { ...(await call('train.get', { runId })), result: job.result };
    },
    print: ({ number, candidates, bestCandidateId, rows, primaryMetric, result }, out) => {
      out.line(`Run ${number}: ${rows ? `${rows.train} rows to train, ${rows.validation} to choose, ${rows.test} to test` : ''}`);
      out.table(
        candidates.map(({ id, learner, state, test, validation, trainMs }) => {
          const value = primaryMetric ? (test[primaryMetric] ?? validation[primaryMetric]) : undefined;
          return {
            best: id === bestCandidateId ? '*' : '',
            learner,
            state,
            [primaryMetric ?? 'metric']: value ? estimateText(value) : '–',
            trainMs,
            candidate: id,
          };
        }),
      );
      if (result !== null) out.line(JSON.stringify(result));
    },
  }),
];

function learnerOf(word: string): (typeof learners)[number] {
  const found = learners.find((known) => known === word);
  if (!found) throw new UsageError(`--learner is one of ${learners.join(', ')}, not “${word}”`);
  return found;
}

/** The version of the label set that was named, else the newest frozen one. */
async function frozen(call: Parameters<typeof atVersion>[0], word: string): Promise<{ labelSet: string; version: number }> {
  const { name, version } = datasetRef(word);
  const found = version ?? (await call('label.get', { name })).versions.reduce((newest, entry) => Math.max(newest, entry.version), 0);
  if (found === 0) throw new UsageError(`The label set “${name}” has no frozen version; “modelkeep label freeze ${name}” makes one`);
  return { labelSet: name, version: found };
}
