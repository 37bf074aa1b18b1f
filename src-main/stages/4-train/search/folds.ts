// Which rows of the development part train and which validate, fold by fold. Decided by row numbers and the seed alone.
import type { FoldPlan } from '../../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { beforeGap, inHashOrder, inTimeOrder } from '../holdout.ts';

/** Positions among the development rows, ascending. No row is in both. */
export interface Fold {
  train: Int32Array;
  validation: Int32Array;
}

/** What is known of the development rows, by position. */
export interface FoldRows {
  rows: number;
  /** Number of the row in the dataset version. */
  rowNumbers: Int32Array;
  /** Class of the row; null for numbers. */
  codes: Int32Array | null;
  /** Code of the row's group; null unless the plan is by group. */
  groups: Int32Array | null;
  /** NaN where missing; null unless the plan is by time. */
  times: Float64Array | null;
}

/**
 * k-fold, each class spread evenly (`stratified`); whole groups together (`group`); later rows judge earlier ones (`expanding`);
 * or one validation part (`holdout`).
 * Errors: MK_TRAIN_TOO_FEW_ROWS, MK_TRAIN_FEWER_THAN_FOLDS (rows, groups or moments), MK_TRAIN_ONE_TIME.
 */
export function makeFolds(plan: FoldPlan, rows: FoldRows, seed: number): Fold[] {
  switch (plan.kind) {
    case 'holdout':
      return [rows.times ? lastMoments(rows, plan.fraction) : randomHoldout(rows, plan.fraction, seed)];
    case 'stratified':
      return fromAssignment(dealByClass(rows, plan.folds, seed), plan.folds);
    case 'group':
      return fromAssignment(dealGroups(rows, plan, seed), plan.folds);
    case 'expanding':
      return expanding(rows, plan);
  }
}

/** Rows that are validated in some fold, ascending: those have out-of-fold answers. */
export function validatedRows(folds: readonly Fold[]): Int32Array {
  const all = new Int32Array(folds.reduce((sum, fold) => sum + fold.validation.length, 0));
  let at = 0;
  for (const { validation } of folds) {
    all.set(validation, at);
    at += validation.length;
  }
  return all.sort();
}

/** Fold of each row. The rows of each class, shuffled, are dealt like cards; each class goes on where the last one ended. */
function dealByClass({ rows, rowNumbers, codes }: FoldRows, folds: number, seed: number): Int32Array {
  if (rows < folds) throw new ModelkeepError('MK_TRAIN_FEWER_THAN_FOLDS', { what: 'rows', found: rows, folds });
  const classes = codes ? codes.reduce((most, code) => Math.max(most, code), 0) + 1 : 1;
  const byClass: number[][] = Array.from({ length: classes }, () => []);
  for (let row = 0; row < rows; row++) byClass[codes ? codes[row]! : 0]!.push(row);
  const assignment = new Int32Array(rows);
  let next = 0;
  for (const members of byClass) {
    for (const row of inHashOrder(Int32Array.from(members), rowNumbers, seed)) assignment[row] = next++ % folds;
  }
  return assignment;
}

/** Largest groups first, each to the fold with the fewest rows so far; equal ones in an order that the seed decides. */
function dealGroups({ rows, groups }: FoldRows, { folds, groupColumn }: Extract<FoldPlan, { kind: 'group' }>, seed: number): Int32Array {
  const sizes = new Map<number, number>();
  for (const group of groups!) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  if (sizes.size < folds)
    throw new ModelkeepError('MK_TRAIN_FEWER_THAN_FOLDS', { what: `values of ${groupColumn}`, found: sizes.size, folds });
  const codes = Int32Array.from(sizes.keys()).sort();
  const shuffled = inHashOrder(
    codes.map((_, at) => at),
    codes,
    seed,
  );
  const ordered = Array.from(shuffled, (at) => codes[at]!).sort((a, b) => sizes.get(b)! - sizes.get(a)!);
  const load = new Array<number>(folds).fill(0);
  const foldOf = new Map<number, number>();
  for (const group of ordered) {
    const fold = load.indexOf(Math.min(...load));
    foldOf.set(group, fold);
    load[fold]! += sizes.get(group)!;
  }
  return Int32Array.from({ length: rows }, (_, row) => foldOf.get(groups![row]!)!);
}

function fromAssignment(assignment: Int32Array, folds: number): Fold[] {
  return Array.from({ length: folds }, (_, fold) => ({
    train: positionsWhere(assignment, (each) => each !== fold),
    validation: positionsWhere(assignment, (each) => each === fold),
  }));
}

function positionsWhere(assignment: Int32Array, keep: (fold: number) => boolean): Int32Array {
  const positions: number[] = [];
  assignment.forEach((fold, row) => {
    if (keep(fold)) positions.push(row);
  });
  return Int32Array.from(positions);
}

function randomHoldout({ rows, rowNumbers, codes }: FoldRows, fraction: number, seed: number): Fold {
  const classes = codes ? codes.reduce((most, code) => Math.max(most, code), 0) + 1 : 1;
  const validates = new Int32Array(rows);
  for (let own = 0; own < classes; own++) {
    const members = positionsWhere(codes ?? new Int32Array(rows), (code) => code === own);
    const count = Math.min(members.length - 1, Math.max(1, Math.round(members.length * fraction)));
    for (const row of inHashOrder(members, rowNumbers, seed).subarray(0, Math.max(0, count))) validates[row] = 1;
  }
  return { train: positionsWhere(validates, (each) => each === 0), validation: positionsWhere(validates, (each) => each === 1) };
}

function byTime({ rows, rowNumbers, times }: FoldRows): ReturnType<typeof inTimeOrder> {
  return inTimeOrder(
    Int32Array.from({ length: rows }, (_, row) => row),
    rowNumbers,
    times!,
  );
}

function lastMoments(rows: FoldRows, fraction: number): Fold {
  const { ordered, startOfMoment } = byTime(rows);
  const from = startOfMoment(Math.min(rows.rows - 1, Math.floor(rows.rows * (1 - fraction))));
  if (from < 1) throw new ModelkeepError('MK_TRAIN_ONE_TIME', { column: 'time' });
  return { train: ordered.slice(0, from).sort(), validation: ordered.slice(from).sort() };
}

/** Blocks of equal size in time; fold f trains on blocks 0…f, but for the last `gap` moments, and validates on block f + 1. */
function expanding(rows: FoldRows, { folds, timeColumn, gap = 0 }: Extract<FoldPlan, { kind: 'expanding' }>): Fold[] {
  const { ordered, startOfMoment } = byTime(rows);
  const starts = Array.from({ length: folds + 1 }, (_, block) =>
    startOfMoment(Math.min(rows.rows - 1, Math.floor((rows.rows * block) / (folds + 1)))),
  );
  const distinct = [...new Set(starts)];
  if (distinct.length < folds + 1)
    throw new ModelkeepError('MK_TRAIN_FEWER_THAN_FOLDS', { what: `moments of ${timeColumn}`, found: distinct.length - 1, folds });
  const known = starts.slice(1).map((start) => beforeGap(ordered, start, gap, rows.times!));
  if (known.includes(0))
    throw new ModelkeepError('MK_TRAIN_FEWER_THAN_FOLDS', { what: `moments of ${timeColumn}`, found: distinct.length - 1, folds });
  return starts.slice(1).map((start, fold) => ({
    train: ordered.slice(0, known[fold]!).sort(),
    validation: ordered.slice(start, starts[fold + 2] ?? rows.rows).sort(),
  }));
}
