// What kind of problem a dataset and a target are. Decided by the inspection alone, so equal data give equal answers.
import type { Problem } from '../../../src-shared/domain/problem.ts';
import type { Task } from '../../../src-shared/domain/features.ts';
import type { Holdout, Objective } from '../../../src-shared/domain/training.ts';
import type { Column, TableProfile } from '../../../src-shared/domain/table.ts';
import type { Inspection, NumberFacts } from './inspection.ts';
import type { HistoryProposal } from './history/proposeHistory.ts';
import { isBirthName, isQueryName } from './keyNames.ts';
import type { GroupFacts, TimeFacts } from './structure.ts';

export interface ProblemInput {
  /** Name of the target. */
  target: string;
  /** Of a ranking. */
  groupColumn?: string;
  task: Task;
  classes: readonly string[];
  columns: readonly Column[];
  profile: TableProfile;
  inspection: Inspection;
  /** Of a forecasting table. */
  made?: HistoryProposal | null;
}

type Reason = Problem['reasons'][number];

const fractions = { validationFraction: 0.15, testFraction: 0.2 };
const rareClass = 0.1;
const rareLabel = 0.02;
const fewestMoments = 20;
/** As many groups as parts and folds need to differ by more than luck. */
const fewestGroups = 10;
const mostMissingTimes = 0.05;

/**
 * The kind of the target, the holdout that its rows want, and what a person should know first.
 *
 * Rows are split by time where a date column orders them, the target drifts over it, or it makes a panel with an entity; else by
 * group where a repeated key has alike rows; else at random. What is only suggested (an objective, several labels, an order, a
 * ranking) is a reason, and nothing is done about it unasked.
 */
export function detectProblem(input: ProblemInput): Problem {
  const { inspection, task } = input;
  if (task === 'ranking') return ofRanking(input);
  if (task === 'multilabel') return ofLabels(input);
  const numbers = task === 'regression' ? inspection.target.numbers : undefined;
  const { kind, objective, reasons } =
    task === 'regression' ? ofNumbers(numbers) : { kind: task, objective: null, reasons: ofClasses(input) };
  const structure = splitFor(input);
  return { kind, objective, holdout: structure.holdout, reasons: [...reasons, ...structure.reasons, ...several(input), ...ranking(input)] };
}

/** Groups stay whole, whatever else orders the rows: within a part of one nothing could be put in order. */
function ofRanking({ inspection, groupColumn }: ProblemInput): Problem {
  const { answered, groups, distinct } = inspection.target;
  const found = groups?.groups ?? 0;
  const params = {
    column: groupColumn!,
    groups: found,
    rows: round((answered - (groups?.alone ?? 0)) / Math.max(1, found)),
    grades: distinct,
  };
  const holdout: Holdout = { kind: 'group', groupColumn: groupColumn!, ...fractions };
  const reasons: Reason[] = [{ code: 'rankingGroups', params }];
  if (groups && groups.alone > 0) reasons.push({ code: 'aloneInGroup', params: { column: groupColumn!, rows: groups.alone } });
  return { kind: 'ranking', objective: null, holdout, reasons };
}

function ofLabels(input: ProblemInput): Problem {
  const { labels, answered, distinct, values } = input.inspection.target;
  const rarest = values.toSorted((a, b) => a.count - b.count)[0];
  const params = { labels: input.classes.length, perRow: round(labels?.perRow ?? 0), without: labels?.rowsWithout ?? 0, rows: answered };
  const reasons: Reason[] = [{ code: 'multilabelTarget', params }];
  if (distinct === input.classes.length && rarest && rarest.count / answered < rareLabel)
    reasons.push({ code: 'rareLabel', params: { label: rarest.value, rows: rarest.count, share: round(rarest.count / answered) } });
  const { holdout, reasons: split } = splitFor(input);
  return { kind: 'multilabel', objective: null, holdout, reasons: [...reasons, ...split] };
}

function ofNumbers(numbers: NumberFacts | undefined): { kind: Problem['kind']; objective: Objective | null; reasons: Reason[] } {
  if (!numbers || numbers.min < 0) return { kind: 'quantity', objective: null, reasons: [] };
  const { mean, variance, zeros, rows, skewness, p05, whole, min } = numbers;
  const params = { mean: round(mean), variance: round(variance), zeros: round(zeros / rows) };
  // Prices are whole too, but none is near zero.
  if (whole && (zeros > 0 || p05 <= 5) && mean < 1000)
    return { kind: 'count', objective: { kind: 'poisson' }, reasons: [{ code: 'countTarget', params }] };
  if (skewness < 2) return { kind: 'quantity', objective: null, reasons: [] };
  const objective: Objective = min > 0 ? { kind: 'gamma' } : { kind: 'tweedie', power: 1.5 };
  return {
    kind: 'amount',
    objective,
    reasons: [{ code: 'amountTarget', params: { ...params, skewness: round(skewness), objective: objective.kind } }],
  };
}

function ofClasses({ inspection, classes, task }: ProblemInput): Reason[] {
  const { values, answered } = inspection.target;
  const reasons: Reason[] = [];
  const rarest = values.toSorted((a, b) => a.count - b.count)[0];
  if (rarest && rarest.count / answered < Math.min(rareClass, 0.3 / classes.length))
    reasons.push({ code: 'imbalancedClasses', params: { class: rarest.value, rows: rarest.count, share: round(rarest.count / answered) } });
  if (task === 'multiclass' && inOrder(classes)) reasons.push({ code: 'ordinalClasses', params: { classes: classes.length } });
  return reasons;
}

const scales = [
  ['very low', 'low', 'medium', 'moderate', 'high', 'very high'],
  ['terrible', 'poor', 'bad', 'fair', 'average', 'good', 'very good', 'excellent'],
  ['never', 'rarely', 'seldom', 'sometimes', 'often', 'always'],
  ['xs', 's', 'm', 'l', 'xl', 'xxl'],
  ['none', 'mild', 'moderate', 'severe', 'critical'],
  ['很低', '低', '中', '高', '很高'],
  ['很差', '差', '一般', '良', '好', '很好', '优'],
];

/** Consecutive whole numbers, or at least three words of one scale and no others. */
function inOrder(classes: readonly string[]): boolean {
  if (classes.length < 3) return false;
  const numbers = classes.map(Number).sort((a, b) => a - b);
  if (numbers.every((value, at) => Number.isInteger(value) && (at === 0 || value === numbers[at - 1]! + 1))) return true;
  return scales.some((scale) => classes.every((each) => scale.includes(each.trim().toLowerCase())));
}

function splitFor(input: ProblemInput): { holdout: Holdout; reasons: Reason[] } {
  const { structure } = input.inspection;
  if (input.made) return ofSeries(input.made);
  const random: Holdout = { kind: 'stratified', ...fractions };
  if (!structure) return { holdout: random, reasons: [] };
  const time = timeColumn(structure.times);
  const group = structure.groups.filter(belongsTogether).sort(moreTogether)[0];
  const panel = input.task === 'regression' ? structure.panel : null;
  if (panel)
    return {
      holdout: { kind: 'temporal', timeColumn: panel.time, ...fractions },
      reasons: [{ code: 'forecastTable', params: { ...panel } }],
    };
  if (time) {
    const params = { column: time.column, moments: time.moments, drift: round(time.drift), order: round(Math.abs(time.order)) };
    const reasons: Reason[] = [{ code: ordersRows(time) ? 'timeOrder' : 'timeDrift', params }];
    if (group) reasons.push({ code: 'groupsToo', params: { column: group.column, groups: group.groups } });
    return { holdout: { kind: 'temporal', timeColumn: time.column, ...fractions }, reasons };
  }
  if (!group) return { holdout: random, reasons: [] };
  const { column, groups, rows, correlation, constant } = group;
  const params = {
    column,
    groups,
    rows: round(rows / groups),
    correlation: round(Math.max(0, correlation)),
    constant: constant.slice(0, 3).join(', '),
  };
  return { holdout: { kind: 'group', groupColumn: column, ...fractions }, reasons: [{ code: 'groupedRows', params }] };
}

/** The last moments judge; those of the horizon before them would not be known when they are forecast. */
function ofSeries({ history: { timeColumn: time, horizon }, reasons }: HistoryProposal): { holdout: Holdout; reasons: Reason[] } {
  return { holdout: { kind: 'temporal', timeColumn: time, ...fractions, ...(horizon > 1 ? { gap: horizon - 1 } : {}) }, reasons };
}

function timeColumn(times: readonly TimeFacts[]): TimeFacts | undefined {
  const usable = times.filter(
    (each) =>
      each.moments >= fewestMoments && each.missing <= mostMissingTimes && !isBirthName(each.column) && (ordersRows(each) || drifts(each)),
  );
  // The rows' own order first; then what comes first in time, since it is known first.
  return usable.sort((a, b) => Number(ordersRows(b)) - Number(ordersRows(a)) || a.median - b.median || (a.column < b.column ? -1 : 1))[0];
}

function ordersRows({ order }: TimeFacts): boolean {
  return Math.abs(order) >= 0.95;
}

/** F of nine degrees of freedom: beyond 4 chance has 1 in 30,000. */
function drifts({ drift, driftF }: TimeFacts): boolean {
  return driftF > 4 && drift >= 0.005;
}

function belongsTogether({ groups, rows, correlation, correlationF, significantF, constant }: GroupFacts): boolean {
  if (groups < fewestGroups || rows < 1.5 * groups) return false;
  return (correlation >= 0.05 && correlationF > significantF) || constant.length > 0;
}

/** The coarser one holds the finer: its parts keep both apart. */
function moreTogether(a: GroupFacts, b: GroupFacts): number {
  return a.groups - b.groups || (a.column < b.column ? -1 : 1);
}

/** Several answers a row: as columns beside the target, or within its cells. */
function several({ target, columns, profile, inspection }: ProblemInput): Reason[] {
  const prefix = /^(.{2,}?)[_\s.-][^_\s.-]+$/.exec(target)?.[1];
  const flags = new Set(
    profile.columns
      .filter((each) => each.type === 'boolean' || (each.distinct === 2 && each.numeric?.min === 0 && each.numeric.max === 1))
      .map((each) => each.name),
  );
  const alike = prefix === undefined || !flags.has(target) ? [] : columns.filter(({ name }) => flags.has(name) && startsAs(name, prefix));
  if (alike.length >= 3) return [{ code: 'multilabelColumns', params: { prefix: prefix!, columns: alike.length } }];
  const { values, distinct } = inspection.target;
  for (const separator of ['|', ';', ',', '；', '、']) {
    const joined = values.filter(({ value }) => value.includes(separator));
    if (joined.length < Math.max(2, 0.3 * values.length)) continue;
    const labels = new Set(values.flatMap(({ value }) => value.split(separator).map((each) => each.trim())));
    if (labels.size >= 2 && labels.size <= 0.7 * distinct) return [{ code: 'multilabelCells', params: { separator, labels: labels.size } }];
  }
  return [];
}

function startsAs(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && /^[_\s.-]/.test(name.slice(prefix.length));
}

/** Grades of a few levels within queries. */
function ranking({ columns, inspection, target }: ProblemInput): Reason[] {
  const { values, numeric } = inspection.target;
  const graded =
    numeric &&
    values.length >= 2 &&
    values.length <= 6 &&
    values.every(({ value }) => Number.isInteger(Number(value)) && Number(value) >= 0);
  const query = columns.find(({ name }) => name !== target && isQueryName(name));
  return graded && query ? [{ code: 'rankingTable', params: { column: query.name, grades: values.length } }] : [];
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
