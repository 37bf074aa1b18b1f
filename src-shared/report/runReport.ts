// "What happened": a finished run in plain sentences. What was tried, why the winner won, how sure that is, what to collect next.
import type { Estimate } from '../domain/names.ts';
import { targetName } from '../domain/target.ts';
import { higherIsBetter, metricNames, type Candidate, type Learner, type MetricName, type Run } from '../domain/training.ts';
import type { Language } from '../errors/catalogue.ts';
import { aboutAnswers, flattery, judgedBy } from './reportedAnswers.ts';
import { ReportWords } from './reportWords.ts';

export interface ReportSection {
  id: 'result' | 'tried' | 'why' | 'answers' | 'doubt' | 'next';
  title: string;
  lines: string[];
}

export type ReportedRun = Run & { candidates: readonly Candidate[] };

/** Of a run that left a model; [] where there is none. */
export function runReport(run: ReportedRun, language: Language): ReportSection[] {
  const best = run.candidates.find(({ id }) => id === run.bestCandidateId);
  if (!best || run.primaryMetric === null) return [];
  const words = new ReportWords(language);
  const facts: Facts = { run, best, metric: run.primaryMetric, words };
  const say = words.say.bind(words);
  const sections: ReportSection[] = [
    { id: 'result', title: say('What came out', '结果'), lines: result(facts) },
    { id: 'tried', title: say('What was tried', '尝试了什么'), lines: tried(facts) },
    { id: 'why', title: say('Why this one', '为什么是它'), lines: why(facts) },
    { id: 'answers', title: say('How it answers', '它如何回答'), lines: aboutAnswers(run, words) },
    { id: 'doubt', title: say('What to know before trusting it', '使用前须知'), lines: doubts(facts) },
    { id: 'next', title: say('What to collect next', '接下来收集什么'), lines: next(facts) },
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

interface Facts {
  run: ReportedRun;
  best: Candidate;
  metric: MetricName;
  words: ReportWords;
}

function result({ run, best, metric, words }: Facts): string[] {
  const { say } = bound(words);
  const name = targetName(run.request.target);
  const figure = best.test[metric] ?? best.validation[metric];
  const judged = best.test[metric]
    ? say(' rows that no candidate saw', ' 个任何候选都没见过的行')
    : say(' rows that it was not fitted on', ' 个未参与拟合的行');
  if (!figure) return [];
  const [title, value, rows] = [words.metric(metric), words.interval(metric, figure), words.count(figure.rows)];
  return [
    say(
      `${words.candidate(run.candidates, best)} predicts ${name} best: ${title} ${value} on ${rows}${judged}.`,
      `预测 ${name} 以${words.candidate(run.candidates, best)}为最佳：在 ${rows}${judged}上，${title} 为 ${value}。`,
    ),
  ];
}

function tried({ run, words }: Facts): string[] {
  const { say } = bound(words);
  const fitted = run.candidates.filter(({ learner, progress }) => learner !== 'ensemble' && (progress === null || progress.folds.done > 0));
  const kinds = new Map<Learner, number>();
  for (const { learner } of fitted) kinds.set(learner, (kinds.get(learner) ?? 0) + 1);
  const list = words.list(
    [...kinds]
      .sort((a, b) => b[1] - a[1])
      .map(([learner, count]) => (count === 1 ? words.learner(learner) : `${words.learner(learner)} × ${count}`)),
  );
  const pausedMs = Number(run.findings.find(({ code }) => code === 'paused')?.params['pausedMs'] ?? 0);
  const tookMs = run.finishedAt === null ? 0 : run.finishedAt - run.startedAt - pausedMs;
  const lines = [
    say(
      `${words.count(fitted.length)} ${fitted.length === 1 ? 'candidate' : 'candidates'} in ${words.duration(tookMs)}: ${list}.`,
      `${words.duration(tookMs)}内尝试了 ${words.count(fitted.length)} 个候选：${list}。`,
    ),
  ];
  const folds = fitted.find(({ progress }) => progress)?.progress?.folds.planned;
  const byTime = run.request.folds ? run.request.folds.kind === 'expanding' : run.request.holdout?.kind === 'temporal';
  if (folds !== undefined)
    lines.push(
      folds > 1 && byTime
        ? say(
            `A candidate is fitted ${folds} times and judged on the moments after those that it learned from.`,
            `每个候选拟合 ${folds} 次，每次用所学时段之后的行评判。`,
          )
        : folds === 1
          ? say('Each was judged on one part of the rows that it was not fitted on.', '每个候选都用未参与拟合的一部分行评判。')
          : say(
              `A candidate is fitted ${folds} times and judged on the part that it did not see, so that every row judges once.`,
              `每个候选拟合 ${folds} 次，用它没见过的部分评判，因此每行都评判一次。`,
            ),
    );
  const ended = (test: (candidate: Candidate) => boolean): number => fitted.filter(test).length;
  const [worse, late] = [ended(({ progress }) => progress?.dropped === 'worse'), ended(({ progress }) => progress?.dropped === 'time')];
  const failed = run.candidates.filter(({ state }) => state === 'failed').length;
  const unjudged = run.candidates.filter(({ progress }) => progress?.dropped === 'time' && progress.folds.done === 0).length;
  const early = [
    ...(worse > 0 ? [say(`${worse} stopped early because clearly worse`, `${worse} 个因明显更差而提前停止`)] : []),
    ...(late > 0 ? [say(`${late} ran out of time`, `${late} 个时间不够`)] : []),
    ...(failed > 0 ? [say(`${failed} failed`, `${failed} 个失败`)] : []),
  ];
  if (early.length > 0) lines.push(say(`Of them ${words.list(early)}.`, `其中 ${words.list(early)}。`));
  if (unjudged > 0)
    lines.push(
      say(
        unjudged === 1
          ? 'One more was begun and had no result when it was given up.'
          : `${unjudged} more were begun and had no result when they were given up.`,
        `另有 ${unjudged} 个已开始，放弃时尚无结果。`,
      ),
    );
  lines.push(...judgedBy(run, words));
  return lines;
}

function why({ run, best, metric, words }: Facts): string[] {
  const { say } = bound(words);
  const lines: string[] = [];
  const members = (best.progress?.members ?? []).flatMap(({ candidateId, weight }) => {
    const member = run.candidates.find(({ id }) => id === candidateId);
    return member
      ? [
          words.say(
            `${words.candidate(run.candidates, member)} (${words.percent(weight)})`,
            `${words.candidate(run.candidates, member)}（${words.percent(weight)}）`,
          ),
        ]
      : [];
  });
  if (members.length > 0) lines.push(say(`It averages ${words.list(members)}.`, `它是以下模型的加权平均：${words.list(members)}。`));
  const outOfFold = best.validation[metric];
  if (outOfFold)
    lines.push(
      say(
        `On the rows that choose it reached ${words.metric(metric)} ${words.interval(metric, outOfFold)}: the best of those that had all their folds.`,
        `在用于选择的行上，它的 ${words.metric(metric)} 为 ${words.interval(metric, outOfFold)}，优于其他完成全部折的候选。`,
      ),
    );
  const baseline = against(run, 'againstBaseline');
  if (baseline && baseline.verdict === 'better')
    lines.push(
      say(
        `It beats the constant answer by ${words.interval(baseline.metric, baseline.gain)} ${words.metric(baseline.metric)}, paired on the same ${words.count(baseline.gain.rows)} test rows.`,
        `在相同的 ${words.count(baseline.gain.rows)} 个测试行上配对比较，它比固定答案好 ${words.interval(baseline.metric, baseline.gain)}（${words.metric(baseline.metric)}）。`,
      ),
    );
  const naive = against(run, 'againstNaive');
  if (naive && naive.verdict === 'better')
    lines.push(
      say(
        `It beats the seasonal naive forecast (what was at the same place of the last season) by ${words.interval(naive.metric, naive.gain)} ${words.metric(naive.metric)}, paired on the same ${words.count(naive.gain.rows)} test rows.`,
        `在相同的 ${words.count(naive.gain.rows)} 个测试行上配对比较，它比季节性朴素预测（上一季节同一位置的值）好 ${words.interval(naive.metric, naive.gain)}（${words.metric(naive.metric)}）。`,
      ),
    );
  const second = against(run, 'againstNext');
  if (second) {
    const other = run.candidates[second.place];
    const name = other ? words.candidate(run.candidates, other) : '';
    const gain = words.interval(second.metric, second.gain);
    const title = words.metric(second.metric);
    lines.push(
      second.verdict === 'better'
        ? say(`It also beats the next, ${name}, by ${gain} ${title}.`, `它也胜过次优者${name}：${title} 相差 ${gain}。`)
        : second.verdict === 'worse'
          ? say(
              `On the test rows the next, ${name}, is ahead (${gain} ${title}). The choice was made before and stays: choosing by test rows would flatter.`,
              `在测试行上次优者${name}领先（${title} 相差 ${gain}）。选择在此之前已定，不再更改：按测试行选择会偏乐观。`,
            )
          : say(
              `Against the next, ${name}, the difference of ${gain} ${title} may be chance: take the simpler of the two if that matters.`,
              `与次优者${name}相比，${title} 相差 ${gain}，可能只是偶然：若看重简单，可取两者中较简单的。`,
            ),
    );
  }
  const last = lastGain(run.candidates, metric);
  if (last)
    lines.push(
      last.atMs > 0.75 * last.endMs
        ? say(
            `It was still getting better near the end (${words.duration(last.atMs)} of ${words.duration(last.endMs)}): a longer run may find more.`,
            `临近结束时仍在变好（${words.duration(last.endMs)}中的 ${words.duration(last.atMs)}）：更长的训练也许能找到更好的。`,
          )
        : say(
            `The best single model was found after ${words.duration(last.atMs)}; the search until ${words.duration(last.endMs)} found none better.`,
            `最佳单个模型在 ${words.duration(last.atMs)} 时找到；此后搜索到 ${words.duration(last.endMs)} 没有更好的。`,
          ),
    );
  return lines;
}

function doubts({ run, best, metric, words }: Facts): string[] {
  const { say } = bound(words);
  const lines: string[] = [];
  const [validation, test] = [best.validation[metric], best.test[metric]];
  if (validation && test && test.low !== null && test.high !== null && (validation.value < test.low || validation.value > test.high)) {
    const isWorse = higherIsBetter[metric] ? test.value < validation.value : test.value > validation.value;
    lines.push(
      isWorse
        ? say(
            `On the test rows it is worse than where it was chosen (${words.value(metric, test.value)} against ${words.value(metric, validation.value)}): expect the former.`,
            `测试行上的结果不如选择时（${words.value(metric, test.value)} 对 ${words.value(metric, validation.value)}）：应以前者为准。`,
          )
        : say(
            `On the test rows it is better than where it was chosen (${words.value(metric, test.value)} against ${words.value(metric, validation.value)}): it averages the fits of all folds, which is mostly better than each, or the test rows are easier.`,
            `测试行上的结果优于选择时（${words.value(metric, test.value)} 对 ${words.value(metric, validation.value)}）：它是各折拟合的平均，通常优于单独一折；也可能测试行较容易。`,
          ),
    );
  }
  for (const { code, params } of run.findings) {
    const text = doubtOf(code, params, words);
    if (text !== null) lines.push(text);
  }
  return lines;
}

function doubtOf(code: string, params: Params, words: ReportWords): string | null {
  const { say } = bound(words);
  const [n, text] = [(name: string): number => Number(params[name]), (name: string): string => String(params[name] ?? '')];
  switch (code) {
    case 'notBetterThanBaseline':
      return say(
        'It is not proven better than always giving the same answer. These columns may not hold the answer.',
        '未证实优于总给同一答案。这些列也许不含答案。',
      );
    case 'notBetterThanNaive':
      return say(
        'It is not proven better than the seasonal naive forecast: what was at the same place of the last season.',
        '未证实优于季节性朴素预测，即上一季节同一位置的值。',
      );
    case 'leak':
      return say(
        `The column ${text('column')} alone nearly gives the answer (${text('score')} of 1). Make sure that it is known before the answer is.`,
        `仅凭列 ${text('column')} 几乎就能得到答案（${text('score')}，满分 1）。须确认它在答案之前已知。`,
      );
    case 'stopped':
      return say(
        `The run was stopped by a person after ${words.count(n('tried'))} of ${words.count(n('planned'))} candidates.`,
        `训练由人停止，当时完成了 ${words.count(n('planned'))} 个候选中的 ${words.count(n('tried'))} 个。`,
      );
    case 'parity':
      return say(
        `The saved file answers up to ${text('difference')} away from the trainer.`,
        `保存的文件与训练器的回答最多相差 ${text('difference')}。`,
      );
    case 'deviceLost':
      return say(
        `The device ${text('from')} gave up while a network was trained; ${text('to')} went on from the same step.`,
        `训练网络时设备 ${text('from')} 失效；由 ${text('to')} 从同一步继续。`,
      );
    case 'unreadableImages':
      return say(
        `${words.count(n('images'))} images could not be read and were left out.`,
        `${words.count(n('images'))} 张图像无法读取，未参与训练。`,
      );
    default:
      return flattery(code, params, words);
  }
}

function next({ run, best, metric, words }: Facts): string[] {
  const { say } = bound(words);
  const lines = run.findings.flatMap(({ code, params }) => nextOf(code, params, words) ?? []);
  const test = best.test[metric];
  if (test && test.low !== null && test.high !== null && test.rows < 1000)
    lines.push(
      say(
        `The interval of the result is ${words.value(metric, test.high - test.low)} wide on ${words.count(test.rows)} test rows; four times as many rows halve it.`,
        `结果的区间宽 ${words.value(metric, test.high - test.low)}（${words.count(test.rows)} 个测试行）；行数增至四倍，宽度减半。`,
      ),
    );
  if (lines.length === 0)
    lines.push(
      say(
        'Nothing in the rows asks for more of a certain kind. Newer rows keep the model current; a further column that people decide by helps more than further settings.',
        '数据没有显示特别缺少哪一类行。新的行可使模型保持最新；增加一列人们赖以判断的信息，比再调设置更有用。',
      ),
    );
  return lines;
}

function nextOf(code: string, params: Params, words: ReportWords): string | null {
  const { say } = bound(words);
  const n = (name: string): number => Number(params[name]);
  switch (code) {
    case 'fewRows':
      return say(
        `More rows with an answer: only ${words.count(n('test'))} judge the result and ${words.count(n('train'))} teach it.`,
        `更多有答案的行：只有 ${words.count(n('test'))} 行用于评判，${words.count(n('train'))} 行用于学习。`,
      );
    case 'imbalanced':
      return say(
        `More rows of “${params['class']}”: only ${words.count(n('rows'))} (${words.percent(n('share'))}) are there to learn from. Label such rows first.`,
        `更多「${params['class']}」的行：可供学习的只有 ${words.count(n('rows'))} 行（${words.percent(n('share'))}）。可优先标注这类行。`,
      );
    case 'classNotInTraining':
      return say(`Rows of “${params['class']}”: there is none to learn from.`, `「${params['class']}」的行：目前没有可供学习的。`);
    case 'missingTarget':
      return say(
        `The answers of ${words.count(n('rows'))} of ${words.count(n('total'))} rows: without them these rows were left out.`,
        `${words.count(n('total'))} 行中 ${words.count(n('rows'))} 行的答案：缺少答案，这些行未参与训练。`,
      );
    case 'overfitGap':
      return say(
        'More rows, before more columns: the best candidate learns some rows by heart.',
        '先增加行，再增加列：最佳候选背下了部分行。',
      );
    case 'notBetterThanBaseline':
      return say(
        'Other columns: ask those who know the case what they would look at to answer.',
        '其他列：询问熟悉业务的人，他们会看什么来判断。',
      );
    case 'notBetterThanNaive':
      return say(
        'What is known ahead of the moment and moves the answer: holidays, prices, plans.',
        '能提前得知且影响答案的信息：节假日、价格、计划。',
      );
    case 'timeBudget':
      return say(
        `A longer run: time was up after ${words.count(n('tried'))} of ${words.count(n('planned'))} candidates that were begun.`,
        `更长的训练：开始的 ${words.count(n('planned'))} 个候选中完成了 ${words.count(n('tried'))} 个时时间用尽。`,
      );
    case 'rowsSampled':
      return say(
        `More memory rather than more rows: ${words.count(n('used'))} of ${words.count(n('total'))} rows were used.`,
        `更多内存而非更多行：使用了 ${words.count(n('total'))} 行中的 ${words.count(n('used'))} 行。`,
      );
    default:
      return null;
  }
}

type Params = Run['findings'][number]['params'];

interface Against {
  place: number;
  metric: MetricName;
  gain: Estimate;
  verdict: string;
}

/** The best against another, as the run found it on the test rows; `gain` counts upwards where the best is better. */
function against({ findings }: Run, code: 'againstBaseline' | 'againstNaive' | 'againstNext'): Against | null {
  const params = findings.find((each) => each.code === code)?.params;
  const metric = metricNames.find((each) => each === params?.['metric']);
  if (!params || !metric) return null;
  const number = (name: string): number | null => (typeof params[name] === 'number' ? params[name] : null);
  const gain = { value: number('gain') ?? 0, low: number('low'), high: number('high'), rows: number('rows') ?? 0 };
  return { place: number('place') ?? -1, metric, gain, verdict: String(params['verdict']) };
}

/** When the best single candidate had all its folds, and when the last fit ended. */
function lastGain(candidates: readonly Candidate[], metric: MetricName): { atMs: number; endMs: number } | null {
  const ends = candidates.flatMap(({ progress }) => (progress?.fits ?? []).flatMap(({ toMs }) => toMs ?? []));
  const whole = candidates.filter(
    ({ learner, progress, validation }) =>
      learner !== 'ensemble' &&
      learner !== 'baseline' &&
      validation[metric] &&
      progress &&
      progress.fits.length > 0 &&
      progress.folds.done >= progress.folds.planned,
  );
  if (whole.length < 3) return null;
  const sign = higherIsBetter[metric] ? 1 : -1;
  const best = whole.reduce((a, b) => (sign * b.validation[metric]!.value > sign * a.validation[metric]!.value ? b : a));
  return { atMs: Math.max(...best.progress!.fits.map(({ toMs }) => toMs ?? 0)), endMs: Math.max(...ends) };
}

function bound(words: ReportWords): { say: ReportWords['say'] } {
  return { say: words.say.bind(words) };
}
