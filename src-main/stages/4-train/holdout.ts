// Which rows train, which choose, which judge. Decided by the row's number and the seed alone, so it can be repeated at any time.
import type { Holdout } from '../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { counterRandom } from '../../platform/random.ts';
import { labelCounts, strata, type Target } from '../3-features/api.ts';

/** Positions in the loaded table, each in ascending order. */
export interface Split {
  train: Int32Array;
  validation: Int32Array;
  test: Int32Array;
}

export interface SplitInput {
  holdout: Holdout;
  seed: number;
  target: Target;
  /** Positions of the rows that have an answer. */
  rows: Int32Array;
  /** Number of the row in the dataset version, by position. */
  rowNumbers: Int32Array;
  /** For a temporal holdout: by position; NaN where missing. */
  times: Float64Array | null;
  /** For a holdout by group: code of the row's group, by position. */
  groups?: Int32Array | null;
}

export const fewestRows = 20;
/** One to learn from, one to choose by, one to judge by. */
const fewestPerClass = 3;

/** Errors: MK_TRAIN_TOO_FEW_ROWS, MK_TRAIN_CLASS_TOO_SMALL, MK_TRAIN_LABEL_TOO_SMALL, MK_TRAIN_ONE_TIME, MK_TRAIN_GAP, MK_TRAIN_TOO_FEW_GROUPS. */
export function splitRows(input: SplitInput): Split {
  const { rows, target } = input;
  if (rows.length < fewestRows) throw new ModelkeepError('MK_TRAIN_TOO_FEW_ROWS', { rows: rows.length, needed: fewestRows });
  if (input.holdout.kind === 'temporal') return temporal(input, input.holdout);
  if (input.holdout.kind === 'group') return byGroup(input, input.holdout);
  const groups = target.kind === 'class' ? byClass(rows, target) : target.kind === 'labels' ? byRarestLabel(rows, target) : [rows];
  return stratified(groups, input, input.holdout);
}

function byClass(rows: Int32Array, target: Extract<Target, { kind: 'class' }>): Int32Array[] {
  const groups: number[][] = target.classes.map(() => []);
  for (const row of rows) groups[target.codes[row]!]!.push(row);
  groups.forEach((group, code) => {
    if (group.length < fewestPerClass)
      throw new ModelkeepError('MK_TRAIN_CLASS_TOO_SMALL', { class: target.classes[code]!, rows: group.length, needed: fewestPerClass });
  });
  return groups.map((group) => Int32Array.from(group));
}

function byRarestLabel(rows: Int32Array, target: Extract<Target, { kind: 'labels' }>): Int32Array[] {
  labelCounts(target, rows).forEach((count, label) => {
    const fewest = Math.min(count, rows.length - count);
    if (fewest < fewestPerClass)
      throw new ModelkeepError('MK_TRAIN_LABEL_TOO_SMALL', {
        label: target.labels[label]!,
        rows: count,
        all: rows.length,
        needed: fewestPerClass,
      });
  });
  const { codes, count } = strata(target, rows)!;
  return Array.from({ length: count }, (_, code) => rows.filter((__, at) => codes[at] === code)).filter((group) => group.length > 0);
}

/** The hash of a row does not depend on other rows: those of a smaller table stay where they were in a larger one, almost. */
function stratified(
  groups: Int32Array[],
  { seed, rowNumbers }: SplitInput,
  { validationFraction, testFraction }: Extract<Holdout, { kind: 'stratified' }>,
): Split {
  const parts: Record<keyof Split, Int32Array[]> = { train: [], validation: [], test: [] };
  for (const group of groups) {
    const ordered = inHashOrder(group, rowNumbers, seed);
    // A stratum of labels may be a row or two: those learn.
    const least = group.length >= fewestPerClass ? 1 : 0;
    const test = Math.max(least, Math.round(group.length * testFraction));
    const validation = Math.max(least, Math.round(group.length * validationFraction));
    parts.test.push(ordered.subarray(0, test));
    parts.validation.push(ordered.subarray(test, test + validation));
    parts.train.push(ordered.subarray(test + validation));
  }
  return ascending(parts);
}

/** Rows of one moment stay together: a day is not cut in two. Rows without a time count as the oldest. */
function temporal(
  { rows, rowNumbers, times }: SplitInput,
  { timeColumn, validationFraction, testFraction, gap = 0 }: Extract<Holdout, { kind: 'temporal' }>,
): Split {
  const { ordered, startOfMoment } = inTimeOrder(rows, rowNumbers, times!);
  const testFrom = startOfMoment(Math.floor(rows.length * (1 - testFraction)));
  const known = beforeGap(ordered, testFrom, gap, times!);
  if (known < 2 && testFrom > 1) throw new ModelkeepError('MK_TRAIN_GAP', { column: timeColumn, gap });
  const validationFrom = startOfMoment(Math.min(known - 1, Math.floor(rows.length * (1 - testFraction - validationFraction))));
  if (validationFrom < 1) throw new ModelkeepError('MK_TRAIN_ONE_TIME', { column: timeColumn });
  return ascending({
    train: [ordered.subarray(0, validationFrom)],
    validation: [ordered.subarray(validationFrom, known)],
    test: [ordered.subarray(testFrom)],
  });
}

/** One to learn from, one to choose by, one to judge by. */
const fewestGroups = 3;
/** Of so many orders that the seed gives, the one whose parts are nearest in size and in their answers. */
const ordersTried = 16;

/** What the parts are compared by: rows, and of each class, of each label or of the target's standard score the sum. */
interface Group {
  firstRow: number;
  rows: number[];
  answers: Float64Array;
}

/** Whole groups: test is filled first, then validation, in an order that the seed decides; a group goes where it fits best. */
function byGroup(input: SplitInput, { groupColumn, ...fractions }: Extract<Holdout, { kind: 'group' }>): Split {
  const groups = answersByGroup(input);
  if (groups.length < fewestGroups)
    throw new ModelkeepError('MK_TRAIN_TOO_FEW_GROUPS', { column: groupColumn, found: groups.length, needed: fewestGroups });
  let best: { unlike: number; parts: Group[][] } | null = null;
  for (let order = 0; order < ordersTried; order++) {
    const parts = dealGroups(groups, input, fractions, order);
    const unlike = unlikeness(parts, input.rows.length, fractions);
    if (!best || unlike < best.unlike) best = { unlike, parts };
  }
  const [test, validation, train] = best!.parts.map((part) => part.map((group) => Int32Array.from(group.rows)));
  return ascending({ train: train!, validation: validation!, test: test! });
}

function answersByGroup({ rows, rowNumbers, target, groups }: SplitInput): Group[] {
  const width = target.kind === 'class' ? target.classes.length : target.kind === 'labels' ? target.labels.length : 1;
  const standard = target.kind === 'number' ? standardScores(target.values, rows) : null;
  const byCode = new Map<number, Group>();
  for (const row of rows) {
    const code = groups![row]!;
    let group = byCode.get(code);
    if (!group) byCode.set(code, (group = { firstRow: rowNumbers[row]!, rows: [], answers: new Float64Array(width) }));
    group.rows.push(row);
    if (target.kind === 'class') group.answers[target.codes[row]!]!++;
    else if (target.kind === 'labels')
      for (let label = 0; label < width; label++) group.answers[label]! += target.flags[row * width + label]!;
    else group.answers[0]! += standard!(row);
  }
  return [...byCode.values()];
}

function standardScores(values: Float64Array, rows: Int32Array): (row: number) => number {
  const mean = rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
  const spread = Math.sqrt(rows.reduce((sum, row) => sum + (values[row]! - mean) ** 2, 0) / rows.length) || 1;
  return (row) => (values[row]! - mean) / spread;
}

/** Test, validation, train; none is empty. */
function dealGroups(
  groups: readonly Group[],
  { seed, rows }: SplitInput,
  { testFraction, validationFraction }: { testFraction: number; validationFraction: number },
  order: number,
): Group[][] {
  const key = new Map(groups.map((group) => [group, counterRandom(seed + 7919 * order, group.firstRow).next()]));
  const shuffled = [...groups].sort((a, b) => key.get(a)! - key.get(b)! || a.firstRow - b.firstRow);
  const parts: Group[][] = [[], [], []];
  const wanted = [testFraction * rows.length, validationFraction * rows.length];
  const filled = [0, 0];
  shuffled.forEach((group, at) => {
    const left = shuffled.length - at;
    const empty = parts.filter((part) => part.length === 0).length;
    const fits = (part: number): boolean =>
      parts[part]!.length === 0 || (filled[part]! + group.rows.length / 2 <= wanted[part]! && left > empty);
    const part = fits(0) ? 0 : fits(1) ? 1 : 2;
    parts[part]!.push(group);
    if (part < 2) filled[part]! += group.rows.length;
  });
  return parts;
}

/** Squared differences of test and validation to what they should be: in size, and in the mean answer of all rows. */
function unlikeness(
  parts: readonly Group[][],
  rows: number,
  { testFraction, validationFraction }: { testFraction: number; validationFraction: number },
): number {
  const meanOf = (own: readonly Group[]): { rows: number; means: number[] } => {
    const count = own.reduce((sum, group) => sum + group.rows.length, 0);
    const width = own[0]!.answers.length;
    const means = Array.from({ length: width }, (_, each) => own.reduce((sum, group) => sum + group.answers[each]!, 0) / count);
    return { rows: count, means };
  };
  const all = meanOf(parts.flat());
  const wanted = [testFraction, validationFraction];
  return wanted.reduce((sum, fraction, part) => {
    const own = meanOf(parts[part]!);
    const size = (own.rows / rows - fraction) / fraction;
    return sum + size ** 2 + own.means.reduce((apart, mean, each) => apart + (mean - all.means[each]!) ** 2, 0);
  }, 0);
}

/** Rows from the oldest, and the first place at or before `at` where a moment begins. Rows without a time count as the oldest. */
export function inTimeOrder(
  rows: Int32Array,
  rowNumbers: Int32Array,
  times: Float64Array,
): { ordered: Int32Array; startOfMoment: (at: number) => number } {
  const timeOf = (row: number): number => (Number.isNaN(times[row]) ? -Infinity : times[row]!);
  const ordered = Int32Array.from(rows).sort((a, b) => {
    const [left, right] = [timeOf(a), timeOf(b)];
    return left === right ? rowNumbers[a]! - rowNumbers[b]! : left - right;
  });
  return {
    ordered,
    startOfMoment: (at) => {
      let start = at;
      while (start > 0 && timeOf(ordered[start - 1]!) === timeOf(ordered[at]!)) start--;
      return start;
    },
  };
}

/** How many of the rows `ordered` by time are left before place `from`, the start of a moment, without the last `gap` moments there. */
export function beforeGap(ordered: Int32Array, from: number, gap: number, times: Float64Array): number {
  let until = from;
  for (let moment = 0; moment < gap && until > 0; moment++) {
    const last = times[ordered[until - 1]!]!;
    while (until > 0 && Object.is(times[ordered[until - 1]!], last)) until--;
  }
  return until;
}

/** Shuffled by a hash of seed and row number. */
export function inHashOrder(rows: Int32Array, rowNumbers: Int32Array, seed: number): Int32Array {
  const keys = Float64Array.from(rows, (row) => counterRandom(seed, rowNumbers[row]!).next());
  const places = Int32Array.from(rows, (_, at) => at).sort((a, b) => keys[a]! - keys[b]! || rowNumbers[rows[a]!]! - rowNumbers[rows[b]!]!);
  return places.map((at) => rows[at]!);
}

function ascending(parts: Record<keyof Split, Int32Array[]>): Split {
  const sorted = (pieces: Int32Array[]): Int32Array => {
    const all = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all.sort();
  };
  return { train: sorted(parts.train), validation: sorted(parts.validation), test: sorted(parts.test) };
}
