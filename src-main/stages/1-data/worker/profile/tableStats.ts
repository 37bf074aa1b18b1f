// The figures of every column of a Parquet file in as few scans as give them. A column of few values is counted value by value, and
// everything is read off that, exactly. For one of many values: one scan for missing, distinct (HyperLogLog) and extent, one for its bins.
import type { Column, Histogram } from '../../../../../src-shared/domain/table.ts';
import type { Engine, Watch } from '../engine.ts';
import { inSlices } from '../slices.ts';
import { parquet, quoteName } from '../sql.ts';
import { describeNumbers, equalWidthBins, quantilesOfBins, type CountedNumber } from './countedValues.ts';

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
  /** Values beyond three times the interquartile range from the quartiles. */
  outliers: number;
}

/** Columns of at most this many distinct values are counted value by value. */
const countedUpTo = 10_000;
/** Texts are counted up to this many distinct values: their frequent values are then exact. */
const countedTextsUpTo = 1_000_000;
/** A column with at most this many different values among its first rows is tried as one of few values. */
const fewInHead = 1000;
const headRows = 10_000;
/** Up to this many values in all number columns quantiles sort them. */
const exactQuantileValues = 10_000_000;
const bins = 30;
/** Bins from which quantiles are read: a multiple of `bins`. */
const fineBins = 1920;
/** Quantiles are read off the fine bins when none of theirs holds more than this share of the rows; else t-digest finds them. */
const fineShare = 0.01;

/** Missing, distinct and extent of every column, the rest by kind. */
export async function tableStats(
  engine: Engine,
  file: string,
  columns: readonly Column[],
  rows: number,
  watch: Watch = {},
): Promise<ColumnStats[]> {
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
    outliers: 0,
  }));
  let done = 0;
  const step = (columnsDone: number): void => watch.progress?.(Math.min(1, (done += columnsDone / stats.length)));
  await inSlices(
    engine,
    parquet(file),
    stats,
    { nameOf: ({ column }) => column.name },
    (from, part) => sliceStats(engine, from, part, rows, step, watch.signal ? { signal: watch.signal } : {}),
    watch.signal ? { signal: watch.signal } : {},
  );
  return stats;
}

async function sliceStats(
  engine: Engine,
  from: string,
  stats: readonly ColumnStats[],
  rows: number,
  step: (columnsDone: number) => void,
  watch: Watch,
): Promise<void> {
  const few = await fewValued(
    engine,
    from,
    stats.map(({ column }) => column),
    rows,
    watch,
  );
  const many: ColumnStats[] = [];
  for (const entry of stats) {
    if (entry.column.type === 'image' || !few.has(entry.column.name) || !(await counted(engine, from, entry, rows, watch)))
      many.push(entry);
    else step(1);
  }
  if (many.length === 0) return;
  await extent(engine, from, many, rows, watch);
  step(many.length / 2);
  const numbers = many.filter(({ numeric }) => numeric !== null);
  const exact = numbers.length * rows <= exactQuantileValues;
  const unsettled: ColumnStats[] = [];
  for (const entry of many) {
    if (rows - entry.missing > 0 && !(await distribution(engine, from, entry, rows, exact, watch))) unsettled.push(entry);
    step(1 / 2);
  }
  await quantiles(engine, from, unsettled, exact, watch);
  for (const entry of numbers) await countOutliers(engine, from, entry, watch);
}

export function isNumberLike({ type }: Column): boolean {
  return type === 'integer' || type === 'number' || type === 'date' || type === 'timestamp';
}

function isTextLike({ type }: Column): boolean {
  return type === 'category' || type === 'text' || type === 'identifier';
}

/** The column as a number: dates in milliseconds since 1970. An identifier may be stored as a whole number and is then text here. */
function numberSql({ name, type }: Column): string {
  return type === 'date' || type === 'timestamp' ? `CAST(epoch_ms(${quoteName(name)}) AS DOUBLE)` : `CAST(${quoteName(name)} AS DOUBLE)`;
}

function textSql({ name, type }: Column): string {
  return type === 'identifier' ? `CAST(${quoteName(name)} AS VARCHAR)` : quoteName(name);
}

/** Names of the columns that look as if they had few values. */
async function fewValued(engine: Engine, from: string, columns: readonly Column[], rows: number, watch: Watch): Promise<Set<string>> {
  const compared = columns.filter(({ type }) => type !== 'image');
  if (rows <= countedUpTo) return new Set(compared.map(({ name }) => name));
  const found = await engine.one<Record<string, number>>(
    `SELECT ${compared.map(({ name }, index) => `approx_count_distinct(${quoteName(name)}) AS d${index}`).join(', ') || '1'}
     FROM (SELECT ${compared.map(({ name }) => quoteName(name)).join(', ') || '1'} FROM ${from} LIMIT ${headRows})`,
    watch,
  );
  return new Set(compared.filter((_, index) => found[`d${index}`]! <= fewInHead).map(({ name }) => name));
}

/** Every value with its count, and all figures from that. False when there are too many values. */
async function counted(engine: Engine, from: string, entry: ColumnStats, rows: number, watch: Watch): Promise<boolean> {
  const { column } = entry;
  const name = quoteName(column.name);
  const number = isNumberLike(column) ? `${numberSql(column)} AS number, ` : '';
  const found = await engine.all<{ number: number | null; text: string | null; count: number }>(
    `SELECT ${number}CAST(${name} AS VARCHAR) AS text, count FROM (SELECT ${name}, count(*) AS count FROM ${from} GROUP BY ${name} LIMIT ${countedUpTo + 2})`,
    watch,
  );
  if (found.length > countedUpTo) return false;
  const present = found.filter((row): row is { number: number | null; text: string; count: number } => row.text !== null);
  entry.missing = rows - present.reduce((sum, { count }) => sum + count, 0);
  entry.distinct = present.length;
  entry.distinctExact = true;
  if (present.length === 0) return true;
  if (isNumberLike(column)) {
    const counts = present.map((row) => ({ number: row.number!, text: row.text, count: row.count })).sort((a, b) => a.number - b.number);
    entry.numeric = { ...describeNumbers(counts), quantilesExact: true };
    entry.histogram = equalWidthBins(counts, bins, column.type === 'integer' || column.type === 'date' ? 'whole' : 'any');
    entry.outliers = outliersOf(counts, entry.numeric);
    entry.topValues = frequent(counts, (a, b) => a.number - b.number);
    return true;
  }
  entry.topValues = frequent(present, (a, b) => (a.text < b.text ? -1 : 1));
  if (!isTextLike(column)) return true;
  const perLength = new Map<number, number>();
  for (const { text, count } of present) {
    const length = codePoints(text);
    perLength.set(length, (perLength.get(length) ?? 0) + count);
    if (text.trim() === '') entry.blank += count;
  }
  entry.length = lengthsOf([...perLength].map(([length, count]) => ({ number: length, count })).sort((a, b) => a.number - b.number));
  return true;
}

function frequent<T extends { text: string; count: number }>(
  values: readonly T[],
  tie: (a: T, b: T) => number,
): { value: string; count: number }[] {
  return values
    .toSorted((a, b) => b.count - a.count || tie(a, b))
    .slice(0, 20)
    .map(({ text, count }) => ({ value: text, count }));
}

function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}

function lengthsOf(counts: CountedNumber[]): NonNullable<ColumnStats['length']> {
  const { min, max, p50, mean } = describeNumbers(counts);
  return { min, median: p50, max, mean, histogram: equalWidthBins(counts, bins, 'whole') };
}

/** One scan for all columns of `part`. */
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
    // A blank text starts with a space, so it sorts before the first printing character: a comparison instead of a trim.
    if (isTextLike(column)) all.push(`count(*) FILTER (${textSql(column)} < '!') AS b${index}`);
    return all;
  });
  const found = await engine.one<Record<string, number | null>>(`SELECT ${items.join(', ')} FROM ${from}`, watch);
  for (const [index, entry] of part.entries()) {
    const present = found[`n${index}`]!;
    entry.missing = rows - present;
    entry.distinct = Math.min(present, found[`d${index}`] ?? 0);
    if ((found[`b${index}`] ?? 0) > 0) {
      const text = textSql(entry.column);
      entry.blank = (
        await engine.one<{ count: number }>(`SELECT count(*) AS count FROM ${from} WHERE ${text} < '!' AND trim(${text}) = ''`, watch)
      ).count;
    }
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

/** Histogram, frequent values and lengths of a column of many values. False when its quantiles are still to be found. */
async function distribution(
  engine: Engine,
  from: string,
  entry: ColumnStats,
  rows: number,
  exact: boolean,
  watch: Watch,
): Promise<boolean> {
  const { column } = entry;
  if (column.type === 'image') return true;
  if (isNumberLike(column)) return (await binned(engine, from, entry, rows, watch)) && !exact;
  await lengths(engine, from, entry, watch);
  // Nearly all different: no value is frequent, and counting would hold them all.
  if (entry.distinct > countedTextsUpTo || (entry.distinct > 100_000 && entry.distinct > 0.9 * (rows - entry.missing))) return true;
  const text = textSql(column);
  const found = await engine.all<{ value: string; count: number; distinct: number }>(
    `SELECT value, count, distinct_values AS distinct FROM
      (SELECT ${text} AS value, count(*) AS count, count(*) OVER () AS distinct_values FROM ${from} WHERE ${text} IS NOT NULL GROUP BY 1)
     ORDER BY count DESC, value LIMIT 20`,
    watch,
  );
  Object.assign(entry, { distinct: found[0]?.distinct ?? 0, distinctExact: true });
  entry.topValues = found.map(({ value, count }) => ({ value, count }));
  return true;
}

/** Equal-width bins. Fine ones, from which the shown histogram and, where no bin holds too much, the quantiles are read. */
async function binned(engine: Engine, from: string, entry: ColumnStats, rows: number, watch: Watch): Promise<boolean> {
  const numeric = entry.numeric!;
  const { min, max } = numeric;
  const width = (max - min) / fineBins;
  if (!(width > 0) || !Number.isFinite(width)) {
    entry.histogram = { edges: [min, max], counts: [rows - entry.missing] };
    return true;
  }
  const found = await engine.all<{ bin: number; count: number }>(
    `SELECT CAST(least(${fineBins - 1}, floor((${numberSql(entry.column)} - ${min}) / ${width})) AS USMALLINT) AS bin, count(*) AS count
     FROM ${from} WHERE ${quoteName(entry.column.name)} IS NOT NULL GROUP BY bin`,
    watch,
  );
  const fine = Array.from({ length: fineBins }, () => 0);
  for (const { bin, count } of found) fine[bin] = count;
  const perBin = fineBins / bins;
  entry.histogram = {
    edges: Array.from({ length: bins + 1 }, (_, edge) => (edge === bins ? max : min + edge * width * perBin)),
    counts: Array.from({ length: bins }, (_, bin) => fine.slice(bin * perBin, (bin + 1) * perBin).reduce((sum, count) => sum + count, 0)),
  };
  const read = quantilesOfBins(fine, min, width, fineShare);
  if (read) Object.assign(numeric, read);
  return read !== null;
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

/** Only where the extremes lie out there at all. */
async function countOutliers(engine: Engine, from: string, entry: ColumnStats, watch: Watch): Promise<void> {
  const { min, max, p25, p75 } = entry.numeric!;
  const reach = 3 * (p75 - p25);
  if (reach <= 0 || (min >= p25 - reach && max <= p75 + reach)) return;
  const x = numberSql(entry.column);
  const { far } = await engine.one<{ far: number }>(
    `SELECT count(*) AS far FROM ${from} WHERE ${x} < ${p25 - reach} OR ${x} > ${p75 + reach}`,
    watch,
  );
  entry.outliers = far;
}

function outliersOf(counts: readonly CountedNumber[], { p25, p75 }: NumericStats): number {
  const reach = 3 * (p75 - p25);
  if (reach <= 0) return 0;
  return counts.reduce((sum, { number, count }) => sum + (number < p25 - reach || number > p75 + reach ? count : 0), 0);
}

async function lengths(engine: Engine, from: string, entry: ColumnStats, watch: Watch): Promise<void> {
  const text = textSql(entry.column);
  const found = await engine.all<{ number: number; count: number }>(
    `SELECT length(${text}) AS number, count(*) AS count FROM ${from} WHERE ${text} IS NOT NULL GROUP BY 1 ORDER BY 1`,
    watch,
  );
  if (found.length > 0) entry.length = lengthsOf(found);
}
