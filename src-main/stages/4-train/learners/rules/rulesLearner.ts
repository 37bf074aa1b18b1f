import { Breather } from '../Breather.ts';
import { outputsOf, type FitControl, type FitData, type FittedLearner, type Learner, type Settings } from '../learner.ts';
import { objectiveLoss } from '../objectiveLoss.ts';
import { candidateConditions, growRule, sumsOf, type Answers } from './growRules.ts';
import { holds, rulesModel, ruleText, type RulesState } from './rulesModel.ts';

export interface RulesSettings extends Settings {
  /** Rules at most; how many of them are kept is chosen on validation rows. */
  rules: number;
  /** Conditions of a rule at most. */
  length: number;
  /** Share of the rows that a rule covers at least (and 5 rows). */
  coverage: number;
}

const leastRows = 5;
/** Rows that the answer of the whole counts as in the answer of a rule. */
const doubtRows = 2;
/** More training rows than this are sampled evenly, of wide data fewer: rules are coarse, and every condition is tried on every row. */
const [mostRows, fewestRows, mostCells] = [5000, 500, 300_000];

/**
 * A short decision list for people to read: "tenure ≤ 3.5 and contract = 0", the first rule that fits answers. Found by sequential covering
 * (Fürnkranz, Artif. Intell. Rev. 13, 1999) with the J-measure, see `growRule`. A baseline: what few words can say. Numbers are told by
 * their mean. `chosen.list` holds the rules.
 */
export const rulesLearner: Learner<RulesSettings> = {
  name: 'rules',
  view: 'codes',
  supports: (task) => task.kind === 'class' || (task.kind === 'number' && task.objective.kind === 'squared'),
  weightsAreRepeats: true,
  portfolio: () => [{ rules: 12, length: 3, coverage: 0.02 }],
  space: () => [
    { name: 'rules', kind: 'integer', low: 3, high: 30 },
    { name: 'length', kind: 'integer', low: 1, high: 4 },
    { name: 'coverage', kind: 'log', low: 0.005, high: 0.1 },
  ],
  fit,
  restore: (state) => rulesModel(state as RulesState),
};

async function fit({ task, columns, train, validation }: FitData, settings: RulesSettings, control: FitControl): Promise<FittedLearner> {
  const { width } = train.features;
  const names = Array.from({ length: width }, (_, at) => columns[at]?.name ?? `column ${at + 1}`);
  const { features, answers, inUnits } = sampleOf(train, outputsOf(task));
  const breather = new Breather(control);
  const conditions = candidateConditions(features, columns, answers.weights);
  const total = answers.weights.reduce((sum, each) => sum + each, 0);
  const limits = {
    length: settings.length,
    leastWeight: Math.max(leastRows, settings.coverage * total),
    isOver: () => breather.isOverNow(),
  };
  const left = new Uint8Array(features.rows).fill(1);
  const whole = sumsOf(answers, left);
  const rules: RulesState['json']['rules'] = [];
  /** One row of outputs a rule, and after each rule what is left. */
  const [told, rest] = [[] as Float64Array[], [answerFor(whole, whole, answers.kind)]];
  while (rules.length < settings.rules && !(await breather.isOver())) {
    const when = growRule(features, answers, left, conditions, limits);
    if (!when) break;
    const covered = left.map((each, row) => Number(each && when.every((one) => holds(one, features.data[row * width + one.column]!))));
    const sums = sumsOf(answers, covered);
    covered.forEach((each, row) => (left[row]! -= each));
    rules.push({ when, rows: Math.round(sums[0]!) });
    told.push(answerFor(sums, whole, answers.kind));
    rest.push(answerFor(sumsOf(answers, left), whole, answers.kind));
  }
  const stateWith = (count: number): RulesState => {
    const kept = rules.slice(0, count);
    const list = kept.map((rule) => ruleText(rule, names)).join('; ');
    return {
      json: {
        width,
        outputs: answers.outputs,
        names,
        rules: kept,
        chosen: { ...settings, rules: count, list },
        curve: [],
        ended: breather.ended,
      },
      arrays: { answers: Float32Array.from([...told.slice(0, count), rest[count]!].flatMap((each) => Array.from(each, inUnits))) },
    };
  };
  if (!validation) return rulesModel(stateWith(rules.length));
  const losses: number[] = [];
  for (let count = 0; count <= rules.length; count++) {
    const outputs = await rulesModel(stateWith(count)).predict(validation.features);
    losses.push(objectiveLoss(outputs, validation.target, task, validation.weights));
  }
  return rulesModel(stateWith(losses.indexOf(Math.min(...losses))));
}

/** Numbers standardised, so that the measure does not depend on their unit. */
function sampleOf(
  { features, target, weights }: FitData['train'],
  outputs: number,
): { features: FitData['train']['features']; answers: Answers; inUnits: (value: number) => number } {
  const { rows, width } = features;
  const count = Math.min(rows, Math.max(fewestRows, Math.min(mostRows, Math.floor(mostCells / width))));
  const places = Int32Array.from({ length: count }, (_, at) => Math.floor((at * rows) / count));
  const cells = new Float32Array(count * width);
  places.forEach((row, at) => cells.set(features.data.subarray(row * width, (row + 1) * width), at * width));
  const own = Float64Array.from(places, (row) => weights?.[row] ?? 1);
  const sampled = { rows: count, width, data: cells };
  if (target.kind === 'class') {
    const data = new Float64Array(count * outputs);
    places.forEach((row, at) => (data[at * outputs + target.codes[row]!] = 1));
    return { features: sampled, answers: { rows: count, outputs, data, weights: own, kind: 'class' }, inUnits: (value) => value };
  }
  if (target.kind === 'labels') throw new Error('Rules answer classes or numbers.');
  const values = Float64Array.from(places, (row) => target.values[row]!);
  const total = own.reduce((sum, each) => sum + each, 0);
  const mean = values.reduce((sum, value, at) => sum + own[at]! * value, 0) / total;
  const sd = Math.sqrt(values.reduce((sum, value, at) => sum + own[at]! * (value - mean) ** 2, 0) / total) || 1;
  const data = values.map((value) => (value - mean) / sd);
  return {
    features: sampled,
    answers: { rows: count, outputs: 1, data, weights: own, kind: 'number' },
    inUnits: (value) => value * sd + mean,
  };
}

/** Logarithms of shares, or the mean; the whole counts as `doubtRows` of the covered rows. */
function answerFor(sums: Float64Array, whole: Float64Array, kind: Answers['kind']): Float64Array {
  const weight = sums[0]! + doubtRows;
  const usual = whole.subarray(1).map((sum) => (kind === 'class' ? Math.max(sum, 0.5) : sum) / whole[0]!);
  const mean = usual.map((share, output) => (sums[output + 1]! + doubtRows * share) / weight);
  return kind === 'class' ? mean.map((share) => Math.log(share)) : mean;
}
