// The figures of every column of a Parquet file, in a few scans: first what every column has (missing, distinct, extent), then what
// follows from how many values there are. Columns of few values are counted value by value, and everything else is read off that.
import type { Column, Histogram } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { parquet, quoteName } from '../sql.ts';
import { equalWidthBins, numericFromCounts, type CountedNumber } from './countedValues.ts';

export interface NumericStats {
  min: number;
  max: number;
  mean: number;
  sd: number;
  p05: number;
  p25: number;
  p50: number;
  p75: number;
  p95: number;
  quantilesExact: boolean;
}

export interface ColumnStats {
  column: Column;
  missing: number;
  distinct: number;
  distinctExact: boolean;
  numeric: NumericStats | null;
  histogram: Histogram | null;
  topValues: { value: string; count: number }[];
  /** Characters of the texts that are not missing. */
  length: { min: number; median: number; max: number; mean: number; histogram: Histogram } | null;
  /** Values of nothing but spaces. */
  blank: number;
  /** Share of the texts that contain a space. */
  spacedShare: number;
  /** Values beyond three times the interquartile range from the quartiles. */
  outliers: number;
}

/** Columns with at most this many distinct values (estimated) are counted value by value. */
const countedUpTo = 10_000;
/** Texts up to this many distinct values are too: their frequent values are exact. */
const countedTextsUpTo = 1_000_000;
/** Up to this many values in all number columns quantiles sort them; beyond, t-digest (error in rank below 0.5 %). */
const exactQuantileValues = 20_000_000;
const bins = 30;
const columnsPerStatement = 100;

/** Missing, distinct and extent of every column, the rest by kind. */
export async function tableStats(
  engine: Engine,
  file: string,
  columns: readonly Column[],
  rows: number,
  watch: Watch = {},
): Promise<ColumnStats[]> {
  const from = parquet(file);
  const stats = columns.map((column): ColumnStats => ({
    column,
    missing: 0,
    distinct: 0,
    distinctExact: false,
    numeric: null,
    histogram: null,
    topValues: [],
    length: null,
    blank: 0,
    spacedShare: 0,
    outliers: 0,
  }));
  const inner: Watch = watch.signal ? { signal: watch.signal } : {};
  let done = 0;
  const step = (weight: number): void => watch.progress?.(Math.min(1, (done += weight)));

  for (let start = 0; start < stats.length; start += columnsPerStatement) {
    const part = stats.slice(start, start + columnsPerStatement);
    await extent(engine, from, part, rows, inner);
    step((0.4 * part.length) / stats.length);
  }
  const sorted = stats.filter((entry) => entry.numeric && !isCounted(entry));
  const exact = sorted.length * rows <= exactQuantileValues;
  for (let start = 0; start < sorted.length; start += columnsPerStatement) {
    await quantiles(engine, from, sorted.slice(start, start + columnsPerStatement), exact, inner);
  }
  step(0.2);
  for (const entry of stats) {
    if (rows - entry.missing > 0) await distribution(engine, from, entry, rows, inner);
    step(0.4 / stats.length);
  }
  return stats;
}

export function isNumberLike({ type }: Column): boolean {
  return type === 'integer' || type === 'number' || type === 'date' || type === 'timestamp';
}

function isTextLike({ type }: Column): boolean {
  return type === 'category' || type === 'text' || type === 'identifier';
}

function isCounted({ distinct }: ColumnStats): boolean {
  return distinct <= countedUpTo;
}

/** The column as a number: dates in milliseconds since 1970. */
function numberSql({ name, type }: Column): string {
  return type === 'date' || type === 'timestamp' ? `CAST(epoch_ms(${quoteName(name)}) AS DOUBLE)` : `CAST(${quoteName(name)} AS DOUBLE)`;
}

async function extent(engine: Engine, from: string, part: readonly ColumnStats[], rows: number, watch: Watch): Promise<void> {
  const items = part.flatMap(({ column }, index) => {
    const x = quoteName(column.name);
    const all = [`count(${x}) AS n${index}`];
    if (column.type === 'image') return all;
    all.push(`approx_count_distinct(${x}) AS d${index}`);
    if (isNumberLike(column)) {
      const number = numberSql(column);
      all.push(
        `min(${number}) AS lo${index}`,
        `max(${number}) AS hi${index}`,
        `avg(${number}) AS m${index}`,
        `stddev_samp(${number}) AS s${index}`,
      );
    }
    if (isTextLike(column)) {
      all.push(`count(*) FILTER (contains(${x}, ' ')) AS sp${index}`, `count(*) FILTER (trim(${x}) = '') AS b${index}`);
    }
    return all;
  });
  const found = await engine.one<Record<string, number | null>>(`SELECT ${items.join(', ')} FROM ${from}`, watch);
  for (const [index, entry] of part.entries()) {
    const present = found[`n${index}`]!;
    entry.missing = rows - present;
    entry.distinct = Math.min(present, found[`d${index}`] ?? 0);
    entry.blank = found[`b${index}`] ?? 0;
    entry.spacedShare = present > 0 ? (found[`sp${index}`] ?? 0) / present : 0;
    if (isNumberLike(entry.column) && present > 0) {
      const [min, max] = [found[`lo${index}`]!, found[`hi${index}`]!];
      entry.numeric = {
        min,
        max,
        mean: found[`m${index}`]!,
        sd: found[`s${index}`] ?? 0,
        p05: min,
        p25: min,
        p50: min,
        p75: max,
        p95: max,
        quantilesExact: false,
      };
    }
  }
}

async function quantiles(engine: Engine, from: string, part: readonly ColumnStats[], exact: boolean, watch: Watch): Promise<void> {
  if (part.length === 0) return;
  const aggregate = exact ? 'quantile_cont' : 'approx_quantile';
  const items = part.map(({ column }, index) => `${aggregate}(${numberSql(column)}, [0.05, 0.25, 0.5, 0.75, 0.95]) AS q${index}`);
  const found = await engine.one<Record<string, number[]>>(`SELECT ${items.join(', ')} FROM ${from}`, watch);
  for (const [index, { numeric }] of part.entries()) {
    const [p05, p25, p50, p75, p95] = found[`q${index}`] as [number, number, number, number, number];
    Object.assign(numeric!, { p05, p25, p50, p75, p95, quantilesExact: exact });
  }
}

async function distribution(engine: Engine, from: string, entry: ColumnStats, rows: number, watch: Watch): Promise<void> {
  const { column } = entry;
  if (column.type === 'image') return;
  if (isNumberLike(column) && !isCounted(entry)) return binned(engine, from, entry, watch);
  if (isTextLike(column)) await lengths(engine, from, entry, watch);
  const mostlyDifferent = entry.distinct > 1000 && entry.distinct > 0.9 * (rows - entry.missing);
  if (isTextLike(column) && (entry.distinct > countedTextsUpTo || (mostlyDifferent && entry.distinct > 100_000))) return;
  await counted(engine, from, entry, watch);
}

/** Equal-width bins of a number column with many values, and how many values lie far out. */
async function binned(engine: Engine, from: string, entry: ColumnStats, watch: Watch): Promise<void> {
  const numeric = entry.numeric!;
  const { min, max, p25, p75 } = numeric;
  const width = (max - min) / bins;
  const x = numberSql(entry.column);
  if (!(width > 0) || !Number.isFinite(width)) {
    entry.histogram = { edges: [min, max], counts: [Math.round(0)] };
    return;
  }
  const reach = 3 * (p75 - p25);
  const found = await engine.all<{ bin: number; count: number; far: number }>(
    `SELECT bin, count(*) AS count, count(*) FILTER (x < ${p25 - reach} OR x > ${p75 + reach}) AS far
     FROM (SELECT x, CAST(least(${bins - 1}, floor((x - ${min}) / ${width})) AS UTINYINT) AS bin FROM (SELECT ${x} AS x FROM ${from} WHERE ${quoteName(entry.column.name)} IS NOT NULL))
     GROUP BY bin`,
    watch,
  );
  const counts = Array.from({ length: bins }, () => 0);
  for (const { bin, count, far } of found) {
    counts[bin] = count;
    if (reach > 0) entry.outliers += far;
  }
  entry.histogram = { edges: Array.from({ length: bins + 1 }, (_, edge) => (edge === bins ? max : min + edge * width)), counts };
}

/** Every value with its count: exact distinct, frequent values, and for numbers histogram and quantiles. */
async function counted(engine: Engine, from: string, entry: ColumnStats, watch: Watch): Promise<void> {
  const { column } = entry;
  const name = quoteName(column.name);
  if (!isNumberLike(column)) {
    const found = await engine.all<{ value: string; count: number; distinct: number }>(
      `SELECT CAST(value AS VARCHAR) AS value, count, distinct_values AS distinct FROM
        (SELECT ${name} AS value, count(*) AS count, count(*) OVER () AS distinct_values FROM ${from} WHERE ${name} IS NOT NULL GROUP BY ${name})
       ORDER BY count DESC, value LIMIT 20`,
      watch,
    );
    Object.assign(entry, { distinct: found[0]?.distinct ?? 0, distinctExact: true });
    entry.topValues = found.map(({ value, count }) => ({ value, count }));
    return;
  }
  const found = await engine.all<{ number: number; text: string; count: number }>(
    `SELECT ${numberSql(column)} AS number, CAST(${name} AS VARCHAR) AS text, count(*) AS count FROM ${from} WHERE ${name} IS NOT NULL GROUP BY ALL ORDER BY number`,
    watch,
  );
  entry.distinct = found.length;
  entry.distinctExact = true;
  entry.topValues = found
    .toSorted((a, b) => b.count - a.count || a.number - b.number)
    .slice(0, 20)
    .map(({ text, count }) => ({ value: text, count }));
  const counts: CountedNumber[] = found;
  const { p05, p25, p50, p75, p95 } = numericFromCounts(counts);
  Object.assign(entry.numeric!, { p05, p25, p50, p75, p95, quantilesExact: true });
  entry.histogram = equalWidthBins(counts, bins, column.type === 'integer' || column.type === 'date' ? 'whole' : 'any');
  const reach = 3 * (p75 - p25);
  entry.outliers =
    reach > 0 ? counts.reduce((sum, { number, count }) => sum + (number < p25 - reach || number > p75 + reach ? count : 0), 0) : 0;
}

async function lengths(engine: Engine, from: string, entry: ColumnStats, watch: Watch): Promise<void> {
  const name = quoteName(entry.column.name);
  const found = await engine.all<{ number: number; count: number }>(
    `SELECT length(${name}) AS number, count(*) AS count FROM ${from} WHERE ${name} IS NOT NULL GROUP BY 1 ORDER BY 1`,
    watch,
  );
  if (found.length === 0) return;
  const total = found.reduce((sum, { count }) => sum + count, 0);
  entry.length = {
    min: found[0]!.number,
    max: found.at(-1)!.number,
    median: numericFromCounts(found).p50,
    mean: found.reduce((sum, { number, count }) => sum + number * count, 0) / total,
    histogram: equalWidthBins(found, bins, 'whole'),
  };
}
