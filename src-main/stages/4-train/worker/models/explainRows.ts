// Why a finished model answers as it does: one row, one column, or what would have to change.
import type {
  AnswerScale,
  CellValue,
  ColumnEffect,
  ColumnLimit,
  Counterfactuals,
  RowChoice,
  RowReasons,
} from '../../../../../src-shared/domain/evaluation.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { RawTable } from '../../../3-features/api.ts';
import { columnEffect } from '../../explanation/columnEffect.ts';
import { findCounterfactuals } from '../../explanation/counterfactuals.ts';
import { asTheyAre, explainable } from '../../explanation/rowScorer.ts';
import { backgroundOf, shapleyValues, type ShapleyResult } from '../../explanation/shapley.ts';
import { labelThreshold } from '../../metrics/answers.ts';
import { classIndex, truthOf } from './evaluateModel.ts';
import { cellAt, shownCell, withCells } from '../table/rawCells.ts';
import { ModelScorer } from './modelScorer.ts';
import { treeReasons } from './treeReasons.ts';
import { onTestRows, type ModelOnRows, type TestRows } from './testRows.ts';

type Pause = () => Promise<void>;

export interface ReasonsOrder extends ModelOnRows {
  choice: RowChoice;
  class?: string | undefined;
  scale: AnswerScale;
  /** Of a model of trees alone. */
  treesFile: string | null;
}
export interface EffectOrder extends ModelOnRows {
  column: string;
  class?: string | undefined;
}
export interface CounterfactualOrder extends ModelOnRows {
  choice: RowChoice;
  class?: string | undefined;
  wanted: { min: number | null; max: number | null };
  limits: ColumnLimit[] | null;
  mostChanges: number;
}

type ReasonsFound = Omit<ShapleyResult, 'method'> & Pick<RowReasons, 'method'>;

const rowsRead = 2000;
const rowsOfEffects = 5000;
const mostOrders = 1024;
/** Sampling ends when every effect is known to this share of the largest. */
const tolerance = 0.02;

/** What each cell of a row adds to its answer. Errors: MK_EXPLAIN_ROW, MK_EXPLAIN_CELL, MK_EXPLAIN_CLASS. */
export async function explainRow(order: ReasonsOrder, pause: Pause): Promise<RowReasons> {
  return onTestRows(order, wishes(order.choice), async (test) => {
    const { table, row } = locate(test, order.choice);
    const { classes } = test.model.signature;
    const output = classIndex(classes, order.class);
    const scale = output === null ? 'answer' : order.scale;
    const scorer = new ModelScorer(test.model, table, { output, scale });
    const background = backgroundOf(test.rows.filter((each) => each !== row));
    const [value] = await scorer.score(asTheyAre(Int32Array.of(row)));
    const exact =
      order.treesFile && (await treeReasons(order.treesFile, { inputs: scorer.inputs, table, row, output, scale, value: value! }));
    const found: ReasonsFound = exact
      ? { ...exact, method: 'tree', background: 0 }
      : await shapleyValues(scorer, { row, background, mostOrders, tolerance, seed: order.seed, pause });
    const shown = (column: string): CellValue =>
      shownCell(
        scorer.inputs.find(({ name }) => name === column)!,
        table,
        row,
      );
    const reasons = found.effects
      .map(({ column, effect, error }) => ({ column, cell: shown(column), effect, error }))
      .toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    return {
      row: 'row' in order.choice ? order.choice.row : null,
      class: output === null ? null : classes[output]!,
      scale,
      method: found.method,
      base: found.base,
      value: found.value,
      reasons,
      background: found.background,
      answer: await answerTo(test, table, row),
      truth: 'row' in order.choice ? truthOf(test.target, row) : null,
    };
  });
}

/** Errors: MK_EXPLAIN_COLUMN, MK_EXPLAIN_CLASS. */
export async function explainColumn(order: EffectOrder, pause: Pause): Promise<ColumnEffect> {
  return onTestRows(order, { most: rowsOfEffects }, async ({ model, table, rows, rowNumbers }) => {
    const { classes } = model.signature;
    const output = classIndex(classes, order.class);
    const scorer = new ModelScorer(model, table, { output, scale: 'answer' });
    if (!explainable(scorer).some(({ name }) => name === order.column))
      throw new ModelkeepError('MK_EXPLAIN_COLUMN', { column: order.column });
    const className = output === null ? null : classes[output]!;
    return columnEffect(scorer, { column: order.column, rows, className, rowNumbers, pause });
  });
}

/** The smallest changes that bring the answer where it is wanted. Errors: those of `explainRow`, MK_EXPLAIN_COLUMN for a limit. */
export async function counterfactual(order: CounterfactualOrder, pause: Pause): Promise<Counterfactuals> {
  return onTestRows(order, wishes(order.choice), async (test) => {
    const { table, row } = locate(test, order.choice);
    const { classes } = test.model.signature;
    const output = classIndex(classes, order.class);
    const scorer = new ModelScorer(test.model, table, { output, scale: 'answer' });
    const columns = new Map(explainable(scorer).map((input) => [input.name, input]));
    for (const { column } of order.limits ?? []) if (!columns.has(column)) throw new ModelkeepError('MK_EXPLAIN_COLUMN', { column });
    const [from] = await scorer.score({ rows: Int32Array.of(row), replaced: new Map() });
    // Left open: the other side of one half, for classes.
    const open = order.wanted.min === null && order.wanted.max === null;
    const wanted = open && output !== null ? (from! >= 0.5 ? { min: null, max: 0.5 } : { min: 0.5, max: null }) : order.wanted;
    const found = await findCounterfactuals(scorer, {
      row,
      rows: test.rows,
      // A probability of exactly one half is still the first class: a hair beyond is meant.
      wanted: { min: wanted.min ?? -Infinity, max: open && wanted.max !== null ? wanted.max - 1e-6 : (wanted.max ?? Infinity) },
      limits: order.limits,
      mostChanges: order.mostChanges,
      pause,
    });
    return {
      row: 'row' in order.choice ? order.choice.row : null,
      class: output === null ? null : classes[output]!,
      from: from!,
      wanted,
      found: found.found.map(({ changes, ...rest }) => ({
        ...rest,
        changes: changes.map(({ column, from: before, to }) => {
          const input = columns.get(column)!;
          return { column, from: cellAt(input, before), to: cellAt(input, to) };
        }),
      })),
      nearest: found.nearest,
      tried: found.tried,
    };
  });
}

function wishes(choice: RowChoice): { most: number; row?: number } {
  return { most: rowsRead, ...('row' in choice ? { row: choice.row } : {}) };
}

/** Error: MK_EXPLAIN_ROW. */
function locate({ table, asked, model }: TestRows, choice: RowChoice): { table: RawTable; row: number } {
  if ('cells' in choice) return withCells(table, model.signature.inputs, choice.cells);
  if (asked === null) throw new ModelkeepError('MK_EXPLAIN_ROW', { row: choice.row });
  return { table, row: asked };
}

async function answerTo({ model }: TestRows, table: RawTable, row: number): Promise<string> {
  const { classes, task } = model.signature;
  if (classes.length === 0) {
    const [value] = await new ModelScorer(model, table, { output: null, scale: 'answer' }).score({
      rows: Int32Array.of(row),
      replaced: new Map(),
    });
    return String(value);
  }
  const scores: number[] = [];
  for (let output = 0; output < classes.length; output++) {
    const [p] = await new ModelScorer(model, table, { output, scale: 'answer' }).score({ rows: Int32Array.of(row), replaced: new Map() });
    scores.push(p!);
  }
  if (task === 'multilabel') return classes.filter((_, label) => scores[label]! >= labelThreshold).join(', ');
  return classes[scores.indexOf(Math.max(...scores))]!;
}
