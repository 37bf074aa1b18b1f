// What a report says about the answers of the model: what they are, who judged them, how sure they say that they are, and its small copy.
import { metricNames, type Candidate, type Objective, type Run } from '../domain/training.ts';
import type { ReportWords } from './reportWords.ts';

type Reported = Run & { candidates: readonly Candidate[] };
type Params = Run['findings'][number]['params'];

/** Why the rows that judge are those. */
export function judgedBy({ request: { holdout }, findings }: Reported, words: ReportWords): string[] {
  const say = words.say.bind(words);
  if (!holdout) return [];
  const reason = findings.flatMap(({ code, params }) => splitReason(code, params, words) ?? [])[0] ?? '';
  if (holdout.kind === 'temporal')
    return [
      say(`The newest rows by ${holdout.timeColumn} were held back to judge.`, `留出 ${holdout.timeColumn} 最新的行用于评判。`) + reason,
    ];
  if (holdout.kind === 'group')
    return [
      say(`Whole groups of ${holdout.groupColumn} were held back to judge.`, `留出 ${holdout.groupColumn} 的整组用于评判。`) + reason,
    ];
  return [say('Random rows were held back to judge.', '随机留出一部分行用于评判。')];
}

/** [] where everything is as usual and nothing was measured. */
export function aboutAnswers(run: Reported, words: ReportWords): string[] {
  const say = words.say.bind(words);
  const { objective, weightColumn } = run.request;
  const lines: string[] = [];
  if (objective && objective.kind !== 'squared') {
    const [en, zh] = objectiveNames(objective, words);
    lines.push(say(`The answer is ${en}.`, `答案是${zh}。`));
  }
  if (weightColumn !== undefined)
    lines.push(
      say(
        `Rows counted by ${weightColumn} in training; the figures count every row once.`,
        `训练时各行按 ${weightColumn} 计权；评判时每行只计一次。`,
      ),
    );
  return [...lines, ...run.findings.flatMap(({ code, params }) => lineOf(run, code, params, words) ?? [])];
}

/** What makes figures flatter than the future; null for all other findings. */
export function flattery(code: string, params: Params, words: ReportWords): string | null {
  const say = words.say.bind(words);
  const column = String(params['column'] ?? '');
  switch (code) {
    case 'randomOverTime':
      return say(
        `The rows depend on ${column}, yet random ones judged: the figures are better than the future will be.`,
        `各行随 ${column} 变化，却用随机行评判：结果会好于将来的实际表现。`,
      );
    case 'randomOverGroups':
      return say(
        `Rows of one ${column} are alike, yet random ones judged: the figures are better than they will be for new ones.`,
        `同一 ${column} 的行彼此相似，却用随机行评判：结果会好于面对新对象时的表现。`,
      );
    case 'duplicateRows':
      return say(
        `${words.count(Number(params['rows']))} of ${words.count(Number(params['test']))} test rows are equal to rows that taught, answer included: the figures flatter.`,
        `${words.count(Number(params['test']))} 个测试行中有 ${words.count(Number(params['rows']))} 个与学习用的行完全相同（含答案）：结果偏好。`,
      );
    default:
      return null;
  }
}

function splitReason(code: string, params: Params, words: ReportWords): string | null {
  const say = words.say.bind(words);
  switch (code) {
    case 'timeOrder':
      return say(' The rows stand in that order: the model will meet later ones.', '各行按此排列：模型将面对之后的行。');
    case 'timeDrift':
      return say(' The answer changes over it.', '答案随它变化。');
    case 'forecastTable':
      return say(' The table has one row a moment and thing.', '表中每个时刻、每个对象一行。');
    case 'forecastSeries':
      return say(
        ` The table has ${words.count(Number(params['series']))} series, and ${words.count(Number(params['features']))} columns were made of their earlier rows.`,
        `表中有 ${words.count(Number(params['series']))} 条序列，由其较早的行生成了 ${words.count(Number(params['features']))} 列。`,
      );
    case 'groupedRows':
      return say(
        ` It has about ${words.count(Number(params['rows']))} rows a value, and they are alike.`,
        `每个取值约 ${words.count(Number(params['rows']))} 行，彼此相似。`,
      );
    default:
      return null;
  }
}

function lineOf(run: Reported, code: string, params: Params, words: ReportWords): string | null {
  const say = words.say.bind(words);
  const n = (name: string): number => Number(params[name]);
  switch (code) {
    case 'balancedClasses':
      return say(
        'Every class weighed the same in training: rare ones are found more often, and probabilities are those of a world with equal classes.',
        '训练中各类权重相同：少见的类更常被找到，概率对应各类等量的世界。',
      );
    case 'calibrated':
      return say(
        `Its probabilities were calibrated on ${words.count(n('rows'))} rows that it had not learned from: before, they were ${words.figure(n('before'))} away from how often they come true, after ${words.figure(n('after'))}.`,
        `它的概率用 ${words.count(n('rows'))} 个未学过的行校准：与实际发生率的偏差，校准前为 ${words.figure(n('before'))}，校准后为 ${words.figure(n('after'))}。`,
      );
    case 'intervals':
      return say(
        `Each answer comes with a lower and an upper limit. They were to hold the truth of ${words.percent(n('level'))} of rows and held ${words.share(n('share'))} of ${words.count(n('rows'))} test rows, ${words.figure(n('width'))} apart.`,
        `每个答案附带下限与上限：应包含 ${words.percent(n('level'))} 的真实值，在 ${words.count(n('rows'))} 个测试行上实际包含 ${words.share(n('share'))}，宽 ${words.figure(n('width'))}。`,
      );
    case 'sets':
      return say(
        `Each answer comes with a set of classes. They were to hold the truth of ${words.percent(n('level'))} of rows and held ${words.share(n('share'))} of ${words.count(n('rows'))} test rows, with ${words.figure(n('size'))} classes on average.`,
        `每个答案附带类别集合：应包含 ${words.percent(n('level'))} 的真实类别，在 ${words.count(n('rows'))} 个测试行上实际包含 ${words.share(n('share'))}，平均 ${words.figure(n('size'))} 类。`,
      );
    case 'distilled':
      return distilled(run, params, words);
    default:
      return null;
  }
}

function distilled({ candidates }: Reported, params: Params, words: ReportWords): string | null {
  const say = words.say.bind(words);
  const [small, teacher] = [candidates[Number(params['place'])], candidates[Number(params['teacher'])]];
  const metric = metricNames.find((each) => each === params['metric']);
  if (!small || !teacher || !metric) return null;
  const end = (name: string): number | null => (typeof params[name] === 'number' ? Number(params[name]) : null);
  const gain = words.interval(metric, { value: Number(params['gain']), low: end('low'), high: end('high') });
  const names = [words.candidate(candidates, small), words.candidate(candidates, teacher)] as const;
  const size =
    small.sizeBytes !== null && teacher.sizeBytes !== null && teacher.sizeBytes > 1.5 * small.sizeBytes
      ? say(
          ` Its file has ${words.percent(small.sizeBytes / teacher.sizeBytes)} of the size.`,
          `文件大小为其 ${words.percent(small.sizeBytes / teacher.sizeBytes)}。`,
        )
      : '';
  const [title, rows] = [words.metric(metric), words.count(Number(params['rows']))];
  switch (params['verdict']) {
    case 'better':
      return say(
        `${names[0]} learned to answer as ${names[1]} and is even better: ${gain} ${title} on ${rows} test rows.`,
        `${names[0]}学会了像${names[1]}那样回答，甚至更好：在 ${rows} 个测试行上 ${title} 相差 ${gain}。`,
      ) + size; // prettier-ignore
    case 'worse':
      return say(
        `${names[0]} learned to answer as ${names[1]}, which costs ${gain} ${title} on ${rows} test rows.`,
        `${names[0]}学着像${names[1]}那样回答，代价是在 ${rows} 个测试行上 ${title} 相差 ${gain}。`,
      ) + size; // prettier-ignore
    default:
      return say(
        `${names[0]} learned to answer as ${names[1]}; a difference is not proven: ${gain} ${title} on ${rows} test rows.`,
        `${names[0]}学会了像${names[1]}那样回答，未证实有差别：在 ${rows} 个测试行上 ${title} 相差 ${gain}。`,
      ) + size; // prettier-ignore
  }
}

function objectiveNames(objective: Objective, words: ReportWords): [en: string, zh: string] {
  switch (objective.kind) {
    case 'squared':
      return ['the mean', '均值'];
    case 'absolute':
      return ['the median', '中位数'];
    case 'huber':
      return ['the mean with outliers tamed (Huber)', '抑制离群值的均值（Huber）'];
    case 'quantile':
      return [
        `a level that ${words.percent(objective.level)} of true answers lie below`,
        `${words.percent(objective.level)} 的真实值低于它的水平`,
      ];
    case 'poisson':
      return ['the mean of counts (Poisson)', '计数的均值（Poisson）'];
    case 'gamma':
      return ['the mean of amounts (gamma)', '金额的均值（Gamma）'];
    case 'tweedie':
      return ['the mean of amounts with many zeros (Tweedie)', '含零金额的均值（Tweedie）'];
  }
}
