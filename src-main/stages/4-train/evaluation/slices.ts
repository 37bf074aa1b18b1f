// Where a model is worse than elsewhere: rows by one column or two, with a test for each and an account of how many were tried.
import type { Slice, SliceCondition, SliceTable } from '../../../../src-shared/domain/evaluation.ts';
import type { RawColumn } from '../../3-features/api.ts';
import { predictedClasses, rowCount, type Answers } from '../metrics/answers.ts';
import { labelLosses, labelMatches } from '../metrics/labelMetrics.ts';
import { wilson } from '../metrics/measure.ts';
import { quantile } from './residuals.ts';
import { totalsOf, welch, type Totals } from './welch.ts';

export interface SliceColumn {
  name: string;
  column: RawColumn;
}

const quarters = 4;
const mostValues = 20;
/** Pairs are looked for among the columns whose own slices differ most. */
const columnsOfPairs = 12;
/** Of each: proven worse, and all others. */
const mostShown = 40;
const falseDiscoveryRate = 0.05;
const smallestProbability = 2 ** -23;

type RowAnswers = Exclude<Answers, { kind: 'ranking' }>;

/**
 * Slices by quarters of numbers and dates, by values, by what is missing; then pairs of those that are clearly worse than both of
 * their halves. Each is held against all other rows by Welch's test on the loss of single rows; p values are adjusted for everything
 * that was tried (Benjamini & Hochberg, J. R. Stat. Soc. B 57 (1995)), so that of the slices called worse about one in twenty is
 * chance. Slices of fewer than `fewestRows` rows are not tried.
 */
export function sliceTable(answers: RowAnswers, columns: readonly SliceColumn[], fewestRows = leastRows(rowCount(answers))): SliceTable {
  const losses = rowLosses(answers);
  const plain = plainFigures(answers);
  const totals = totalsOf(losses);
  const singles = columns
    .flatMap((each) => conditionsOf(each, fewestRows))
    .flatMap((each) => judged([each], each.rows, totals, fewestRows));
  const pairs = pairsOf(singles, totals, fewestRows);
  const all = [...singles, ...pairs];
  const adjusted = benjaminiHochberg(all.map(({ test }) => test.p));
  const slices = all.map(({ conditions, rows, test }, at): Slice => {
    const proven = adjusted[at]! < falseDiscoveryRate;
    return {
      conditions: conditions.map(({ condition }) => condition),
      rows: rows.length,
      difference: { value: test.difference, low: test.low, high: test.high, rows: rows.length },
      loss: test.mean,
      value: figureOf(plain, rows, answers.kind),
      p: test.p,
      adjustedP: adjusted[at]!,
      verdict: !proven ? 'noProvenDifference' : test.difference > 0 ? 'worse' : 'better',
    };
  });
  const rank = { worse: 0, noProvenDifference: 1, better: 2 };
  slices.sort((a, b) => rank[a.verdict] - rank[b.verdict] || b.difference.value - a.difference.value);
  const worse = slices.filter(({ verdict }) => verdict === 'worse');
  return {
    loss: answers.kind === 'number' ? 'mae' : 'logLoss',
    shown: ({ class: 'accuracy', labels: 'subsetAccuracy', number: 'mae' } as const)[answers.kind],
    overallLoss: mean(losses),
    overall: mean(plain),
    fewestRows,
    tried: all.length,
    provenWorse: worse.length,
    slices: [...worse.slice(0, mostShown), ...slices.filter(({ verdict }) => verdict !== 'worse').slice(0, mostShown)],
  };
}

/** A ranking is judged by groups, not by rows: nothing is tried. `overall`: its figure on all rows. */
export function noSlices(rows: number, overall: number): SliceTable {
  return {
    loss: 'ndcg10',
    shown: 'ndcg10',
    overallLoss: 1 - overall,
    overall,
    fewestRows: leastRows(rows),
    tried: 0,
    provenWorse: 0,
    slices: [],
  };
}

/** At least 30 rows, or one in a hundred: below, a slice says little and there would be too many. */
export function leastRows(rows: number): number {
  return Math.max(30, Math.ceil(rows / 100));
}

/** Log loss of each row (of labels their mean), or its absolute error. */
export function rowLosses(answers: RowAnswers): Float64Array {
  if (answers.kind === 'labels') return labelLosses(answers);
  if (answers.kind === 'number') return answers.truth.map((value, row) => Math.abs(answers.prediction[row]! - value));
  const { truth, probabilities, classes } = answers;
  return Float64Array.from(truth, (own, row) => -Math.log(Math.max(probabilities[row * classes + own]!, smallestProbability)));
}

function plainFigures(answers: RowAnswers): Float64Array {
  if (answers.kind === 'labels') return labelMatches(answers);
  if (answers.kind === 'number') return rowLosses(answers);
  return Float64Array.from(predictedClasses(answers), (answer, row) => Number(answer === answers.truth[row]));
}

interface Condition {
  condition: SliceCondition;
  rows: Int32Array;
}
interface Judged {
  conditions: Condition[];
  rows: Int32Array;
  test: ReturnType<typeof welch>;
}

function conditionsOf({ name, column }: SliceColumn, fewestRows: number): Condition[] {
  const condition = (kind: SliceCondition['kind'], more: Partial<SliceCondition>): SliceCondition => ({
    column: name,
    kind,
    low: null,
    high: null,
    value: null,
    ...more,
  });
  if (column.kind === 'uint8') return [];
  if (column.kind === 'string') {
    const rowsOf = new Map<number, number[]>();
    column.codes.forEach((code, row) => (rowsOf.get(code) ?? rowsOf.set(code, []).get(code)!).push(row));
    return [...rowsOf]
      .filter(([, rows]) => rows.length >= fewestRows)
      .sort((a, b) => b[1].length - a[1].length || a[0] - b[0])
      .slice(0, mostValues)
      .map(([code, rows]) => {
        const value = column.dictionary[code]!;
        return { condition: value === '' ? condition('missing', {}) : condition('value', { value }), rows: Int32Array.from(rows) };
      });
  }
  const { values } = column;
  const rows = Int32Array.from(values, (_, row) => row);
  const known = rows.filter((row) => Number.isFinite(values[row]));
  const missing = rows.filter((row) => !Number.isFinite(values[row]));
  const result: Condition[] = missing.length > 0 ? [{ condition: condition('missing', {}), rows: missing }] : [];
  if (known.length === 0) return result;
  const sorted = Float64Array.from(known, (row) => values[row]!).sort();
  // A cut is the value itself where values repeat, so that a slice can be said in words.
  const cuts = [...new Set(Array.from({ length: quarters - 1 }, (_, at) => niceCut(sorted, (at + 1) / quarters)))].filter(
    (cut) => cut > sorted[0]!,
  );
  const edges = [null, ...cuts, null];
  for (let at = 0; at + 1 < edges.length; at++) {
    const [low, high] = [edges[at]!, edges[at + 1]!];
    if (low === null && high === null) continue;
    const inside = known.filter((row) => (low === null || values[row]! >= low) && (high === null || values[row]! < high));
    const first = inside.length > 0 ? values[inside[0]!]! : NaN;
    // One value, as of 0 and 1, is said as a value.
    const single = column.kind === 'float32' && inside.every((row) => values[row] === first);
    result.push({ condition: single ? condition('value', { value: String(first) }) : condition('range', { low, high }), rows: inside });
  }
  return result;
}

/** The quantile, rounded to as few digits as keep it among the same rows within one part in a hundred. */
function niceCut(sorted: Float64Array, share: number): number {
  const exact = quantile(sorted, share);
  const place = below(sorted, exact);
  for (let digits = 1; digits < 15; digits++) {
    const rounded = Number(exact.toPrecision(digits));
    if (Math.abs(below(sorted, rounded) - place) <= sorted.length / 100) return rounded;
  }
  return exact;
}

function below(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function judged(conditions: Condition[], rows: Int32Array, totals: Totals, fewestRows: number): Judged[] {
  if (rows.length < fewestRows || totals.values.length - rows.length < fewestRows) return [];
  const test = welch(totals, rows);
  return Number.isFinite(test.p) ? [{ conditions, rows, test }] : [];
}

function pairsOf(singles: readonly Judged[], totals: Totals, fewestRows: number): Judged[] {
  const strength = new Map<string, number>();
  for (const { conditions, test } of singles) {
    const { column } = conditions[0]!.condition;
    strength.set(column, Math.max(strength.get(column) ?? 0, Math.abs(test.t)));
  }
  const chosen = new Set(
    [...strength]
      .sort((a, b) => b[1] - a[1])
      .slice(0, columnsOfPairs)
      .map(([name]) => name),
  );
  const halves = singles.filter(({ conditions }) => chosen.has(conditions[0]!.condition.column));
  const inside = new Uint8Array(totals.values.length);
  return halves.flatMap((a, at) => {
    inside.fill(0);
    for (const row of a.rows) inside[row] = 1;
    return halves.slice(at + 1).flatMap((b) => {
      if (a.conditions[0]!.condition.column === b.conditions[0]!.condition.column) return [];
      const rows = b.rows.filter((row) => inside[row] === 1);
      if (rows.length < fewestRows) return [];
      const loss = rows.reduce((sum, row) => sum + totals.values[row]!, 0) / rows.length;
      if (!(loss > a.test.mean && loss > b.test.mean)) return [];
      const found = judged([a.conditions[0]!, b.conditions[0]!], rows, totals, fewestRows);
      // By more than its own standard error: hundreds of pairs are a little worse than their halves by chance.
      return found.filter(({ test }) => test.mean - Math.max(a.test.mean, b.test.mean) > (test.high - test.low) / 4);
    });
  });
}

/** Smallest false discovery rate at which each would be called. */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = p.map((_, at) => at).sort((a, b) => p[b]! - p[a]!);
  const adjusted = new Array<number>(p.length);
  let least = 1;
  order.forEach((at, place) => {
    least = Math.min(least, (p[at]! * p.length) / (p.length - place));
    adjusted[at] = least;
  });
  return adjusted;
}

function figureOf(plain: Float64Array, rows: Int32Array, kind: Answers['kind']): Slice['value'] {
  const own = Float64Array.from(rows, (row) => plain[row]!);
  const value = mean(own);
  if (kind !== 'number') return { value, ...wilson(value, own.length), rows: own.length };
  const variance = own.reduce((sum, each) => sum + (each - value) ** 2, 0) / Math.max(1, own.length - 1);
  const half = 1.959963984540054 * Math.sqrt(variance / own.length);
  return { value, low: half > 0 ? value - half : null, high: half > 0 ? value + half : null, rows: own.length };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
