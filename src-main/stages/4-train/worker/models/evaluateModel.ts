// Everything that the test rows say about one finished model.
import type { Costs, Evaluation, ThresholdAdvice } from '../../../../../src-shared/domain/evaluation.ts';
import { metricsOf, type MetricName } from '../../../../../src-shared/domain/training.ts';
import type { ColumnType } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { isAnswered, type Target } from '../../../3-features/api.ts';
import { against, classCurves } from '../../evaluation/classCurves.ts';
import { residualsOf } from '../../evaluation/residuals.ts';
import { noSlices, rowLosses, sliceTable } from '../../evaluation/slices.ts';
import { thresholdAdvice } from '../../evaluation/thresholdAdvice.ts';
import { spread } from '../../explanation/rowScorer.ts';
import { predictedClasses, type Answers, type RankingAnswers } from '../../metrics/answers.ts';
import { answeredFlags } from '../../metrics/labelMetrics.ts';
import { measure } from '../../metrics/measure.ts';
import { prepareMetric } from '../../metrics/pointMetrics.ts';
import { groupValues, rowsByGroup } from '../../metrics/rankingMetrics.ts';
import { confusion } from '../../metrics/requestedMetrics.ts';
import { asAnswers } from './evaluate.ts';
import { scoreTable } from './scoreRows.ts';
import { onTestRows, type ModelOnRows, type TestRows } from './testRows.ts';

/** Losses of answers that are meant as quantiles: two levels are enough to see. */
const levelsAside: readonly MetricName[] = ['pinball5', 'pinball25', 'pinball75', 'pinball95'];
const mostRows = 100_000;
const mostClassesCrossed = 50;
const mostHardest = 20;
/** Slices are tried for hundreds of conditions. */
const rowsOfSlices = 20_000;
const columnsOfSlices = 80;
const sliceTypes: readonly ColumnType[] = ['integer', 'number', 'boolean', 'date', 'timestamp', 'category'];

/** Errors: those of `onTestRows`. */
export async function evaluateModel(order: ModelOnRows, pause: () => Promise<void>): Promise<Evaluation> {
  return onTestRows(order, { most: mostRows, types: sliceTypes }, async (test) => {
    const { model, table, rowNumbers, target, rows } = test;
    const answers = await answersOf(test, pause);
    const { task, classes } = model.signature;
    const used = spread(rows, rowsOfSlices);
    const columns = [...table.columns]
      .filter(([name]) => isSliced(test, name))
      .slice(0, columnsOfSlices)
      .map(([name, column]) => ({ name, column: rowsOf(column, used) }));
    return {
      task,
      classes,
      rows: rows.length,
      metrics: measure(
        answers,
        order.seed,
        metricsOf(task).filter((name) => !levelsAside.includes(name)),
      ),
      curves: answers.kind === 'class' || answers.kind === 'labels' ? classCurves(answers, classes, order.seed) : [],
      confusion: answers.kind === 'class' && classes.length <= mostClassesCrossed ? crossed(answers) : null,
      residuals: answers.kind === 'number' ? residualsOf(answers, rowNumbers) : null,
      slices:
        answers.kind === 'ranking' ? noSlices(rows.length, prepareMetric(answers, 'ndcg10')()) : sliceTable(some(answers, used), columns),
      hardestRows: answers.kind === 'ranking' ? misplaced(answers, rowNumbers) : hardest(answers, { rowNumbers, classes, target }),
    };
  });
}

export interface ThresholdOrder extends ModelOnRows {
  costs: Costs;
  /** Absent: the second of two classes. */
  class?: string | undefined;
}

/** Errors: MK_EXPLAIN_CLASS, those of `onTestRows`. */
export async function adviseThreshold(order: ThresholdOrder, pause: () => Promise<void>): Promise<ThresholdAdvice> {
  return onTestRows(order, { most: mostRows }, async (test) => {
    const answers = await answersOf(test, pause);
    const own = classIndex(test.model.signature.classes, order.class);
    if ((answers.kind !== 'class' && answers.kind !== 'labels') || own === null)
      throw new ModelkeepError('MK_EXPLAIN_CLASS', { class: order.class ?? '' });
    const { scores, positive } = against(answers, own);
    return thresholdAdvice(scores, positive, order.costs, { name: test.model.signature.classes[own]!, seed: order.seed });
  });
}

/** Place of a class, by default the second of two and the first of more; null for a number. Error: MK_EXPLAIN_CLASS. */
export function classIndex(classes: readonly string[], name: string | undefined): number | null {
  if (classes.length === 0) return null;
  if (name === undefined) return classes.length === 2 ? 1 : 0;
  const at = classes.indexOf(name);
  if (at < 0) throw new ModelkeepError('MK_EXPLAIN_CLASS', { class: name });
  return at;
}

async function answersOf({ model, table, target, rows }: TestRows, pause: () => Promise<void>): Promise<Answers> {
  return asAnswers(await scoreTable(model, table, pause), target, rows);
}

function isSliced({ model, table }: TestRows, name: string): boolean {
  const type = model.signature.inputs.find((input) => input.name === name)?.type;
  return table.columns.get(name)!.kind !== 'uint8' && (type === undefined || sliceTypes.includes(type));
}

type RawColumn = Parameters<typeof sliceTable>[1][number]['column'];

function rowsOf(column: RawColumn, rows: Int32Array): RawColumn {
  switch (column.kind) {
    case 'string':
      return { ...column, codes: rows.map((row) => column.codes[row]!) };
    case 'float32':
      return { kind: 'float32', values: Float32Array.from(rows, (row) => column.values[row]!) };
    case 'float64':
      return { kind: 'float64', values: Float64Array.from(rows, (row) => column.values[row]!) };
    case 'uint8':
      return column;
  }
}

type RowAnswers = Exclude<Answers, { kind: 'ranking' }>;

function some(answers: RowAnswers, rows: Int32Array): RowAnswers {
  if (answers.kind === 'number')
    return {
      kind: 'number',
      truth: Float64Array.from(rows, (row) => answers.truth[row]!),
      prediction: Float64Array.from(rows, (row) => answers.prediction[row]!),
    };
  const classes = answers.kind === 'labels' ? answers.labels : answers.classes;
  const probabilities = new Float64Array(rows.length * classes);
  rows.forEach((row, at) => probabilities.set(answers.probabilities.subarray(row * classes, (row + 1) * classes), at * classes));
  if (answers.kind === 'labels') {
    const flags = new Uint8Array(rows.length * classes);
    rows.forEach((row, at) => flags.set(answers.flags.subarray(row * classes, (row + 1) * classes), at * classes));
    return { kind: 'labels', flags, probabilities, labels: classes };
  }
  return { kind: 'class', truth: rows.map((row) => answers.truth[row]!), probabilities, classes };
}

function crossed(answers: Extract<Answers, { kind: 'class' }>): number[][] {
  const counts = confusion(answers, predictedClasses(answers));
  return Array.from({ length: answers.classes }, (_, own) => [...counts.subarray(own * answers.classes, (own + 1) * answers.classes)]);
}

function hardest(
  answers: RowAnswers,
  { rowNumbers, classes, target }: Pick<TestRows, 'rowNumbers' | 'target'> & { classes: readonly string[] },
): Evaluation['hardestRows'] {
  const losses = rowLosses(answers);
  const predicted = answers.kind === 'class' ? predictedClasses(answers) : null;
  const given = answers.kind === 'labels' ? answeredFlags(answers) : null;
  return [...losses.keys()]
    .sort((a, b) => losses[b]! - losses[a]! || a - b)
    .slice(0, mostHardest)
    .map((row) => ({
      row: rowNumbers[row]!,
      truth: truthOf(target, row) ?? '',
      answer: predicted
        ? classes[predicted[row]!]!
        : given
          ? classes.filter((_, label) => given[row * classes.length + label] === 1).join(', ')
          : String((answers as Extract<Answers, { kind: 'number' }>).prediction[row]),
      loss: losses[row]!,
    }));
}

/** Of the groups that are ordered worst: the most relevant row, of equals the one that is placed last. */
function misplaced({ relevance, scores, groups }: RankingAnswers, rowNumbers: Int32Array): Evaluation['hardestRows'] {
  const rows = rowsByGroup(groups);
  const losses = groupValues({ kind: 'ranking', relevance, scores, groups }, 'ndcg10', rows).map((gain) => 1 - gain);
  return [...losses.keys()]
    .filter((group) => !Number.isNaN(losses[group]))
    .sort((a, b) => losses[b]! - losses[a]! || a - b)
    .slice(0, mostHardest)
    .map((group) => {
      const row = rows[group]!.toSorted((a, b) => relevance[b]! - relevance[a]! || scores[a]! - scores[b]!)[0]!;
      return { row: rowNumbers[row]!, truth: String(relevance[row]), answer: String(scores[row]), loss: losses[group]! };
    });
}

/** As people read it; null where there is no answer. */
export function truthOf(target: Target, row: number): string | null {
  if (!isAnswered(target, row)) return null;
  switch (target.kind) {
    case 'class':
      return target.classes[target.codes[row]!]!;
    case 'labels':
      return target.labels.filter((_, label) => target.flags[row * target.labels.length + label] === 1).join(', ');
    case 'number':
      return String(target.values[row]);
  }
}
