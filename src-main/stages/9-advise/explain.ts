/**
 * Which values of which dimension make a gap.
 *
 * Sums and counts: a value is expected to bring its usual share (of the periods before) of the expected whole, so the parts sum to
 * actual − expected. Where usual sums are not all positive (profit), the move of the whole is spread by rows instead.
 * Averages and shares: with row weights w and own averages a, now and before (0), and E the expected whole,
 *   part = w (a − E) − w₀ (a₀ − A₀),   Σ part = A − E,
 * which counts both a value's own move and a shift of rows towards values with low averages.
 */
import type { MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import { nextPeriod } from './calendar.ts';
import { quoteName, type MetricReader } from './metricReader.ts';
import { rowFigureOf, timeOf } from './series.ts';

export interface Part {
  dimension: string;
  value: string;
  remainder: boolean;
  actual: number;
  expected: number;
  change: number;
  share: number;
  rows: number;
}

export interface DimensionParts {
  dimension: string;
  /** Furthest in the direction of the gap first, at most `partsShown`, then the remainder. */
  parts: Part[];
  /** The value whose share of the gap exceeds its usual share most. */
  leader: { part: Part; usualShare: number; usualRows: number } | null;
}

export interface Gap {
  /** Start of the first and of the last period. */
  from: number;
  to: number;
  /** Start of the periods before that say what is usual. */
  usualFrom: number;
  usualPeriods: number;
  periods: number;
  /** Over the whole: sums or counts summed, averages averaged. */
  expected: number;
}

const partsShown = 5;

interface ValueRow {
  value: string | null;
  now: number | null;
  nowRows: number;
  before: number | null;
  beforeRows: number;
}

/** Also gives the actual figure over the gap's rows, which the parts of every dimension sum to. */
export async function explainGap(
  metric: MetricDefinition,
  version: number,
  gap: Gap,
  reader: MetricReader,
  signal?: AbortSignal,
): Promise<{ actual: number; dimensions: DimensionParts[] }> {
  const ref = { name: metric.dataset, version };
  const figure = rowFigureOf(metric);
  const time = timeOf(metric);
  const [start, end] = [timestamp(gap.from), timestamp(nextPeriod(gap.to, metric.period))];
  const select = (value: string): string =>
    `SELECT ${value} AS value,
       SUM(${figure}) FILTER (${time} >= ${start})::DOUBLE AS now, COUNT(${figure}) FILTER (${time} >= ${start})::DOUBLE AS "nowRows",
       SUM(${figure}) FILTER (${time} < ${start})::DOUBLE AS before, COUNT(${figure}) FILTER (${time} < ${start})::DOUBLE AS "beforeRows"
     FROM {table} WHERE ${time} >= ${timestamp(gap.usualFrom)} AND ${time} < ${end} GROUP BY 1`;
  const isSum = metric.aggregate === 'sum' || metric.aggregate === 'count';
  const [whole] = (await reader.query(ref, select("''"), signal)) as unknown as ValueRow[];
  const now = whole?.now ?? 0;
  const actual = isSum ? now : now / Math.max(1, whole?.nowRows ?? 0);
  const dimensions: DimensionParts[] = [];
  for (const dimension of metric.dimensions) {
    const rows = (await reader.query(ref, select(`${quoteName(dimension)}::VARCHAR`), signal)) as unknown as ValueRow[];
    const parts = isSum ? sumParts(rows, gap) : averageParts(rows, gap.expected);
    dimensions.push(arrange(dimension, parts, actual - gap.expected));
  }
  // The dimension whose leader is least expected explains most.
  const surprise = ({ leader }: DimensionParts): number => (leader ? leader.part.share - leader.usualShare : 0);
  return { actual, dimensions: dimensions.sort((a, b) => surprise(b) - surprise(a)) };
}

type RawPart = Pick<Part, 'value' | 'actual' | 'expected' | 'change' | 'rows'> & { usualShare: number; usualRows: number };

function sumParts(rows: ValueRow[], { expected, periods, usualPeriods }: Gap): RawPart[] {
  const total = rows.reduce((sum, row) => sum + (row.before ?? 0), 0);
  const totalRows = rows.reduce((sum, row) => sum + row.beforeRows, 0);
  const perPeriod = periods / Math.max(1, usualPeriods);
  const proportional = total > 0 && rows.every((row) => (row.before ?? 0) >= 0);
  return rows.map((row) => {
    const before = row.before ?? 0;
    const rowShare = totalRows > 0 ? row.beforeRows / totalRows : 1 / rows.length;
    const expectedPart = proportional ? (expected * before) / total : before * perPeriod + (expected - total * perPeriod) * rowShare;
    const actual = row.now ?? 0;
    return {
      value: row.value ?? '',
      actual,
      expected: expectedPart,
      change: actual - expectedPart,
      rows: row.nowRows,
      usualShare: proportional ? before / total : rowShare,
      usualRows: row.beforeRows * perPeriod,
    };
  });
}

function averageParts(rows: ValueRow[], expected: number): RawPart[] {
  const nowRows = rows.reduce((sum, row) => sum + row.nowRows, 0);
  const beforeRows = rows.reduce((sum, row) => sum + row.beforeRows, 0);
  const averageBefore = beforeRows > 0 ? rows.reduce((sum, row) => sum + (row.before ?? 0), 0) / beforeRows : expected;
  return rows.map((row) => {
    const weight = nowRows > 0 ? row.nowRows / nowRows : 0;
    const weightBefore = beforeRows > 0 ? row.beforeRows / beforeRows : 0;
    const ownBefore = row.beforeRows > 0 ? (row.before ?? 0) / row.beforeRows : averageBefore;
    const expectedOwn = ownBefore + expected - averageBefore;
    const own = row.nowRows > 0 ? (row.now ?? 0) / row.nowRows : expectedOwn;
    return {
      value: row.value ?? '',
      actual: own,
      expected: expectedOwn,
      change: weight * (own - expected) - weightBefore * (ownBefore - averageBefore),
      rows: row.nowRows,
      usualShare: weightBefore,
      usualRows: row.beforeRows,
    };
  });
}

function arrange(dimension: string, raw: RawPart[], gap: number): DimensionParts {
  const direction = gap < 0 ? -1 : 1;
  const sorted = [...raw].sort((a, b) => direction * (b.change - a.change) || (a.value < b.value ? -1 : 1));
  const shown = sorted.slice(0, partsShown);
  const rest = sorted.slice(partsShown);
  const share = (change: number): number => (gap === 0 ? 0 : change / gap);
  const parts: Part[] = shown.map(({ usualShare: _share, usualRows: _rows, ...part }) => ({
    dimension,
    ...part,
    remainder: false,
    share: share(part.change),
  }));
  const [first] = sorted;
  const leader = first && {
    part: parts[0]!,
    usualShare: first.usualShare,
    usualRows: first.usualRows,
  };
  if (rest.length > 0) {
    const sum = (pick: (part: RawPart) => number): number => rest.reduce((total, part) => total + pick(part), 0);
    const change = sum((part) => part.change);
    parts.push({
      dimension,
      value: String(rest.length),
      remainder: true,
      actual: sum((part) => part.actual),
      expected: sum((part) => part.expected),
      change,
      share: share(change),
      rows: sum((part) => part.rows),
    });
  }
  return { dimension, parts, leader: leader ?? null };
}

/** The largest rows of the gap's periods, and their part of a positive gap; for sums only. */
export async function largestRows(
  metric: MetricDefinition,
  version: number,
  { from, to }: { from: number; to: number },
  reader: MetricReader,
  signal?: AbortSignal,
): Promise<number[]> {
  const time = timeOf(metric);
  const rows = await reader.query(
    { name: metric.dataset, version },
    `SELECT ${rowFigureOf(metric)}::DOUBLE AS figure FROM {table}
     WHERE ${time} >= ${timestamp(from)} AND ${time} < ${timestamp(nextPeriod(to, metric.period))} AND ${rowFigureOf(metric)} IS NOT NULL
     ORDER BY figure DESC LIMIT 3`,
    signal,
  );
  return rows.map((row) => Number(row.figure));
}

function timestamp(at: number): string {
  return `TIMESTAMP '${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}'`;
}
