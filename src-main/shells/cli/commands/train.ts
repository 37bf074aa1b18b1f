import type { FeatureSpec } from '../../../../src-shared/domain/features.ts';
import type { Parsed } from '../../../../src-shared/rpc/contract.ts';
import { targetName, taskOfTarget } from '../../../../src-shared/domain/target.ts';
import {
  higherIsBetter,
  metricNames,
  searchLearners,
  type Candidate,
  type MetricName,
  type Run,
} from '../../../../src-shared/domain/training.ts';
import { learnerNames, ReportWords } from '../../../../src-shared/report/reportWords.ts';
import { runReport, type ReportedRun } from '../../../../src-shared/report/runReport.ts';
import { defineCommand, UsageError } from '../command.ts';
import { datasetRef } from '../options.ts';
import { estimateText, time, type Out } from '../render.ts';
import { classWeights, objectives, searchMethods, tasks, trainSettings } from '../trainOptions.ts';
import { targetOf } from '../trainTarget.ts';
import { atVersion } from './data.ts';

type Call = Parameters<typeof atVersion>[0];

export const trainCommands = [
  defineCommand({
    words: ['train'],
    usage:
      '--data NAME[@VERSION] (--target COLUMN [--separator TEXT | --group COLUMN] | --labels SET[@VERSION]) [--time-budget 120s] [--task TASK] [--metric METRIC] ' +
      '[--objective OBJECTIVE] [--quantile LEVEL] [--class-weights balanced|none] [--weight-column COLUMN] [--interval LEVEL|off] ' +
      '[--holdout random|time:COLUMN|group:COLUMN] [--cv none|5|group:COLUMN|time:COLUMN] [--search METHOD] [--grid LEARNER.SETTING=V,V]… [--max-candidates N] [--no-ensemble] [--distill] ' +
      '[--time COLUMN [--entity COLUMN]… [--horizon N] [--known-ahead COLUMN]… | --no-forecast] ' +
      '[--learner NAME]… [--seed N] [--time-column COLUMN] [--register NAME] [--compare-with MODEL] [--report]',
    summary: [
      'Searches models for a dataset until the time is up, and shows what they reach on rows that they have not seen.',
      '',
      `  --task            ${tasks.join(', ')}; default: by the target`,
      '                    multilabel: --target a,b,c (columns of 0 and 1; a comma in a name is \\,), or one column of labels with',
      '                    --separator ";"; ranking: --target is the relevance, --group says which rows are put in order together',
      `  --metric          what candidates are ranked by: ${wrap(metricNames)}`,
      `  --objective       what a predicted number is: ${wrap(objectives)}`,
      '  --quantile        level of the quantile that is predicted, e.g. 0.9',
      `  --class-weights   ${classWeights.join(', ')}: balanced lets every class weigh the same in training; default none`,
      '  --weight-column   how much each row counts in training; no feature',
      '  --interval        limits (of classes a set) that hold the truth for this share of rows, 0.5 to 0.99, or off; default 0.9',
      '  --holdout         rows that judge: random, time:COLUMN (the newest), group:COLUMN (whole groups); default: by structure',
      '  --time            of a forecast: the column of the moment; --entity: columns that tell series apart; --horizon: steps ahead,',
      '                    default 1; --known-ahead: columns whose value is known before the moment that is predicted',
      '  --no-forecast     nothing is made of earlier rows, whatever the table looks like',
      '  --distill         one more candidate: a small model that learns to answer as the best does',
      '  --cv              none (one validation part), a number of folds, group:COLUMN (rows of a group together),',
      '                    time:COLUMN (each fold after the last); default: by rows, time and structure',
      `  --search          ${searchMethods.join(', ')}; default tpe`,
      '  --grid            values of a grid search, once a setting: --grid boosting.numLeaves=15,31,63',
      `  --learner         ${wrap(searchLearners)}; default all`,
      '  --report          what happened, in plain sentences',
    ].join('\n'),
    options: {
      data: { type: 'string' },
      target: { type: 'string' },
      separator: { type: 'string' },
      group: { type: 'string' },
      labels: { type: 'string' },
      'time-budget': { type: 'string' },
      task: { type: 'string' },
      metric: { type: 'string' },
      objective: { type: 'string' },
      quantile: { type: 'string' },
      'class-weights': { type: 'string' },
      'weight-column': { type: 'string' },
      interval: { type: 'string' },
      distill: { type: 'boolean' },
      holdout: { type: 'string' },
      cv: { type: 'string' },
      search: { type: 'string' },
      grid: { type: 'string', multiple: true },
      'max-candidates': { type: 'string' },
      'no-ensemble': { type: 'boolean' },
      seed: { type: 'string' },
      learner: { type: 'string', multiple: true },
      'time-column': { type: 'string' },
      time: { type: 'string' },
      entity: { type: 'string', multiple: true },
      horizon: { type: 'string' },
      'known-ahead': { type: 'string', multiple: true },
      'no-forecast': { type: 'boolean' },
      register: { type: 'string' },
      'compare-with': { type: 'string' },
      report: { type: 'boolean' },
    },
    run: async ({ call, finish, options }) => {
      const [timeBudgetMs, seed, registerAs, compareWith] = [
        options.durationMs('time-budget'),
        options.integer('seed'),
        options.text('register'),
        options.text('compare-with'),
      ];
      // Everything that can be wrong in the call itself is said before anything is looked up.
      const [task, settings] = [options.oneOf('task', tasks), trainSettings(options)];
      const typed = targetOf(options, task);
      const data = options.required('data');
      const dataset = await atVersion(call, data);
      const target = typed ?? { kind: 'labels' as const, ...(await frozen(call, options.text('labels')!)) };
      const { runId, jobId } = await call('train.start', {
        dataset,
        target,
        // Where the kind of the target tells the task there is nothing to choose.
        ...(task && taskOfTarget(target) === null
          ? {
              spec: await specFor(
                call,
                { dataset, target, ...(settings.forecast === undefined ? {} : { forecast: settings.forecast }) },
                task,
              ),
            }
          : {}),
        ...(timeBudgetMs === undefined ? {} : { timeBudgetMs }),
        ...(seed === undefined ? {} : { seed }),
        ...(registerAs === undefined ? {} : { registerAs }),
        ...(compareWith === undefined ? {} : { compareWith }),
        ...settings,
      });
      const job = await finish(jobId);
      // What the job itself reports (e.g. the registered version) beside the whole run.
      return withReport({ ...(await call('train.get', { runId })), result: job.result }, options.flag('report'));
    },
    print: ({ result, ...run }, out) => {
      printRun(run, out);
      if (result !== null) out.line(JSON.stringify(result));
    },
  }),
  defineCommand({
    words: ['runs', 'list'],
    usage: '[--data NAME] [--limit N]',
    summary: 'Shows training runs, newest first.',
    options: { data: { type: 'string' }, limit: { type: 'string' } },
    run: ({ call, options }) => {
      const [dataset, limit] = [options.text('data'), options.integer('limit')];
      return call('train.list', { ...(dataset === undefined ? {} : { dataset }), ...(limit === undefined ? {} : { limit }) });
    },
    print: (runs, out) =>
      out.table(
        runs.map(({ id, number, request: { dataset, target }, state, best, primaryMetric, startedAt }) => {
          const value = primaryMetric && best ? (best.test[primaryMetric] ?? best.validation[primaryMetric]) : undefined;
          return {
            run: id,
            number,
            data: `${dataset.name}@${dataset.version}`,
            target: targetName(target),
            state,
            best: best ? learnerNames[best.learner].en : '–',
            figure: value ? `${primaryMetric} ${estimateText(value)}` : '–',
            started: time(startedAt),
          };
        }),
      ),
  }),
  defineCommand({
    words: ['runs', 'show'],
    usage: 'ID [--report]',
    summary: 'Shows a training run with its candidates; with --report what happened, in plain sentences.',
    options: { report: { type: 'boolean' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, options, words: [id] }) => withReport(await call('train.get', { runId: id! }), options.flag('report')),
    print: printRun,
  }),
  ...(['pause', 'resume', 'finish'] as const).map((verb) =>
    defineCommand({
      words: ['runs', verb],
      usage: 'ID',
      summary: {
        pause: 'Lets a running search wait; no time of its budget passes.',
        resume: 'Lets a paused search go on.',
        finish: 'Ends a running search now and keeps the best so far.',
      }[verb],
      positionals: { min: 1, max: 1 },
      run: ({ call, words: [id] }) =>
        call('train.steer', { runId: id!, ...(verb === 'finish' ? { finish: true as const } : { pause: verb === 'pause' }) }),
    }),
  ),
];

/** Languages of a report: English for people at a terminal; both for programs. */
function withReport<R extends ReportedRun>(
  run: R,
  asked: boolean,
): R & { report?: { en: ReturnType<typeof runReport>; zh: ReturnType<typeof runReport> } } {
  return asked ? { ...run, report: { en: runReport(run, 'en'), zh: runReport(run, 'zh') } } : run;
}

function printRun(run: ReportedRun & { report?: { en: ReturnType<typeof runReport> } }, out: Out): void {
  const { number, candidates, bestCandidateId, rows, primaryMetric, state, report } = run;
  const parts = rows && [
    `${rows.train} rows to train`,
    // With folds every training row chooses, too.
    ...(chooses(run) ? [`${rows.validation} to choose`] : []),
    `${rows.test} to test`,
  ];
  out.line(`Run ${number}: ${parts ? parts.join(', ') : state}`);
  const judged = judgedBy(run);
  if (judged !== null) out.line(judged);
  if (report) {
    for (const { title, lines } of report.en) {
      out.line();
      out.line(title);
      for (const line of lines) out.line(`  ${line}`);
    }
    return;
  }
  const words = new ReportWords('en');
  out.table(
    inOrder(candidates, primaryMetric).map((candidate) => {
      const { id, trainMs, test, validation } = candidate;
      const value = primaryMetric ? (test[primaryMetric] ?? validation[primaryMetric]) : undefined;
      return {
        best: id === bestCandidateId ? '*' : '',
        learner: words.candidate(candidates, candidate),
        state: stateWords(candidate),
        [primaryMetric ?? 'metric']: value ? estimateText(value) : '–',
        on: primaryMetric && test[primaryMetric] ? 'test' : value ? 'folds' : '–',
        trainMs,
        candidate: id,
      };
    }),
  );
}

/** Which rows judge, and that random ones were asked for against what the rows show. */
function judgedBy({ request: { holdout }, findings }: ReportedRun): string | null {
  if (!holdout) return null;
  const rows =
    holdout.kind === 'temporal'
      ? `the newest rows by ${holdout.timeColumn}`
      : holdout.kind === 'group'
        ? `whole groups of ${holdout.groupColumn}`
        : 'random rows';
  const against = findings.find(({ code }) => code === 'randomOverTime' || code === 'randomOverGroups');
  const warning = against ? `; ${against.params['column']} orders or groups the rows, so the figures flatter` : '';
  return `Judged on ${rows}${warning}`;
}

function chooses({ candidates }: ReportedRun): boolean {
  const progress = candidates.find((each) => each.progress !== null)?.progress;
  return !progress || progress.folds.planned === 1;
}

/** By the rows that choose, best first; those without all folds behind. */
function inOrder(candidates: readonly Candidate[], metric: MetricName | null): Candidate[] {
  if (metric === null) return [...candidates];
  const place = ({ progress, validation }: Candidate): number => {
    const value = validation[metric]?.value;
    if (value === undefined) return Infinity;
    const distance = higherIsBetter[metric] ? -value : value;
    return progress && progress.folds.done < progress.folds.planned ? 1e12 + distance : distance;
  };
  return candidates.toSorted((a, b) => {
    const [x, y] = [place(a), place(b)];
    return x === y ? 0 : x - y;
  });
}

function stateWords({ state, progress }: Candidate): string {
  if (progress?.dropped === 'worse') return 'stopped: clearly worse';
  if (progress?.dropped === 'time') return 'out of time';
  return progress?.failure ? `failed: ${progress.failure}` : state;
}

function wrap(names: readonly string[]): string {
  const lines: string[] = [''];
  for (const name of names) {
    if (lines.at(-1)!.length + name.length > (lines.length === 1 ? 60 : 84)) lines.push('');
    lines.push(`${lines.pop()}${name}, `);
  }
  return lines
    .map((line) => line.trimEnd())
    .join('\n                    ')
    .replace(/,$/, '');
}

/** The proposed spec, for the task that was asked for. A number can be asked for wherever the target is one; classes only where there are few. */
async function specFor(call: Call, of: Parsed<'features.propose'>, task: Run['task'] & string): Promise<FeatureSpec> {
  const { spec } = await call('features.propose', of);
  if (spec.task === task) return spec;
  const numbers = spec.classes.every((name) => Number.isFinite(Number(name)));
  if (task === 'regression' && numbers) return { ...spec, task, classes: [] };
  const found = spec.task === 'regression' ? 'a number with many values' : `${spec.classes.length} classes`;
  const allowed = spec.task !== 'regression' && numbers ? `${spec.task}, regression` : spec.task;
  throw new UsageError(`--task ${task} does not fit: the target has ${found}. Allowed here: ${allowed}`);
}

/** The version of the label set that was named, else the newest frozen one. */
async function frozen(call: Call, word: string): Promise<{ labelSet: string; version: number }> {
  const { name, version } = datasetRef(word);
  const found = version ?? (await call('label.get', { name })).versions.reduce((newest, entry) => Math.max(newest, entry.version), 0);
  if (found === 0) throw new UsageError(`The label set “${name}” has no frozen version; “modelkeep label freeze ${name}” makes one`);
  return { labelSet: name, version: found };
}
