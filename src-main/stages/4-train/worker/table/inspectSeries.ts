// Whether a table is one of series, and what its rows show of them.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Forecast } from '../../../../../src-shared/domain/history.ts';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { isModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import {
  checkSeriesKey,
  findSeason,
  findStep,
  isEntityName,
  isNumeric,
  periodsOf,
  type ColumnInTime,
  type SeriesFacts,
} from '../../../3-features/api.ts';
import { parquetRows, quoteName } from './duck.ts';
import { datasetRows } from './history.ts';
import type { DatasetFile } from '../order.ts';
import { columnOf } from './readColumn.ts';
import { readTimes, type SeriesKey, type TimedSeries } from './readSeries.ts';

/** Moments that a series needs, in the mean, before its past tells more than its own columns. */
const fewestMoments = 20;
/** For a table that nobody said to be one of series. */
const fewestPresent = 0.6;
const [mostTimes, mostEntities] = [2, 4];
const rowsLookedAt = 100_000;

/**
 * Of the key that was given, else of the first that fits: a date and nothing, or a date and a column that is named like an entity, of which
 * each pair is there once at regular times. Null where there is none.
 * Errors, of a given key: MK_FEATURES_COLUMN_MISSING, MK_TRAIN_TIME_COLUMN, MK_FEATURES_HISTORY_…
 */
export async function inspectSeries(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  target: string | null,
  forecast: Forecast | null | undefined,
): Promise<SeriesFacts | null> {
  if (forecast === null) return null;
  if (forecast) {
    checkSeriesKey(forecast, dataset.columns);
    return factsOf(connection, dataset, target, forecast);
  }
  if (target === null || !isNumeric(dataset.columns.find(({ name }) => name === target)?.type)) return null;
  for (const key of candidateKeys(dataset.columns, target)) {
    if (await repeatsEarly(connection, dataset, key)) continue;
    const facts = await unlessDuplicate(() => factsOf(connection, dataset, target, key));
    if (facts && isForecastingTable(facts)) return facts;
  }
  return null;
}

/** Whether the first rows say already that pairs are there twice: most tables are none of series, and are not sorted for it. */
async function repeatsEarly(
  connection: DuckDBConnection,
  { file }: DatasetFile,
  { timeColumn, entityColumns }: SeriesKey,
): Promise<boolean> {
  const key = [timeColumn, ...entityColumns].map(quoteName);
  const placed = key.map((each) => `${each} IS NOT NULL`).join(' AND ');
  const first = `SELECT hash(${key.join(', ')}) AS pair FROM (SELECT * FROM ${parquetRows(file)} LIMIT ${rowsLookedAt}) WHERE ${placed}`;
  const [found] = await (await connection.run(`SELECT count(*) > count(DISTINCT pair) AS repeats FROM (${first})`)).getRowObjectsJS();
  return found!['repeats'] === true;
}

function candidateKeys(columns: readonly Column[], target: string): SeriesKey[] {
  const times = columns.filter(({ type }) => type === 'date' || type === 'timestamp').slice(0, mostTimes);
  const entities = columns
    .filter(
      ({ name, type }) => name !== target && (type === 'identifier' || type === 'category' || (type === 'integer' && isEntityName(name))),
    )
    .sort((a, b) => Number(isEntityName(b.name)) - Number(isEntityName(a.name)))
    .slice(0, mostEntities);
  return times.flatMap(({ name: timeColumn }) => [
    { timeColumn, entityColumns: [] },
    ...entities.map(({ name }) => ({ timeColumn, entityColumns: [name] })),
  ]);
}

function isForecastingTable({ rows, rowsWithoutKey, series, regular, density }: SeriesFacts): boolean {
  const isComplete = rowsWithoutKey <= 0.05 * (rows + rowsWithoutKey);
  return isComplete && rows >= fewestMoments * series && regular >= 0.999 && density >= fewestPresent;
}

async function unlessDuplicate<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isModelkeepError(error) && error.code === 'MK_FEATURES_HISTORY_DUPLICATE') return null;
    throw error;
  }
}

async function factsOf(connection: DuckDBConnection, dataset: DatasetFile, target: string | null, key: SeriesKey): Promise<SeriesFacts> {
  const type = columnOf(dataset.columns, key.timeColumn).type;
  const kind = type === 'date' || type === 'timestamp' ? 'date' : 'number';
  const isNumber = target !== null && isNumeric(dataset.columns.find(({ name }) => name === target)?.type);
  const timed = await readTimes(connection, { own: datasetRows(dataset.file), key, kind, columns: isNumber ? [target] : [] });
  const { times, starts } = timed;
  const { step, density, regular } = findStep(times, starts, kind);
  const series = { ...timed, periods: periodsOf(times, starts, step) };
  return {
    timeColumn: key.timeColumn,
    entityColumns: [...key.entityColumns],
    rows: times.length,
    rowsWithoutKey: timed.unplaced,
    series: Math.max(0, starts.length - 1),
    moments: new Set(times).size,
    longest: longestOf(timed),
    step,
    density,
    regular,
    season: isNumber ? findSeason(series, target, step) : null,
    zeros: isNumber ? shareOfZeros(timed.values.get(target)!) : null,
    columns: await columnsInTime(connection, dataset, key, kind, target),
  };
}

function longestOf({ starts }: TimedSeries): number {
  let longest = 0;
  for (let series = 0; series + 1 < starts.length; series++) longest = Math.max(longest, starts[series + 1]! - starts[series]!);
  return longest;
}

function shareOfZeros(cells: Float64Array): number {
  const present = cells.filter((cell) => !Number.isNaN(cell));
  return present.length === 0 ? 0 : present.filter((cell) => cell === 0).length / present.length;
}

const calendarParts = ['hour', 'dayofweek', 'day', 'month', 'dayofyear'] as const;
/** Moments of each part's value that say the same. */
const fewestRepeats = 3;

/** By the first rows; each part of the calendar is tried alone. */
async function columnsInTime(
  connection: DuckDBConnection,
  { file, columns }: DatasetFile,
  { timeColumn, entityColumns }: SeriesKey,
  kind: 'date' | 'number',
  target: string | null,
): Promise<SeriesFacts['columns']> {
  const others = columns.filter(
    ({ name, type }) => type !== 'image' && name !== timeColumn && name !== target && !entityColumns.includes(name),
  );
  if (others.length === 0) return {};
  const parts = kind === 'date' ? calendarParts : [];
  const time = `TRY_CAST(${quoteName(timeColumn)} AS TIMESTAMP)`;
  const entity = entityColumns.length === 0 ? '0' : `hash(${entityColumns.map(quoteName).join(', ')})`;
  const fields = [
    `${entity} AS entity`,
    ...parts.map((part) => `${part}(${time}) AS ${part}`),
    `hash(${quoteName(timeColumn)}) AS moment`,
    ...others.map(({ name }, at) => `hash(${quoteName(name)}) AS c${at}`),
  ];
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE looked_at AS SELECT ${fields.join(', ')} FROM ${parquetRows(file)} LIMIT ${rowsLookedAt}`,
  );
  const counts = [
    ...['entity', ...parts].map((part) => `count(DISTINCT ${part})`),
    'count(DISTINCT moment)',
    ...others.flatMap((_, at) => ['entity', ...parts].map((part) => `count(DISTINCT hash(${part}, c${at}))`)),
  ];
  const read = await connection.runAndReadAll(`SELECT ${counts.map((each) => `(${each})::INTEGER`).join(', ')} FROM looked_at`);
  await connection.run('DROP TABLE looked_at');
  const numbers = read.getRows()[0] as number[];
  const each = 1 + parts.length;
  const moments = numbers[each]!;
  const inTime = (at: number): ColumnInTime => {
    const pairs = numbers.slice(each + 1 + at * each, each + 1 + (at + 1) * each);
    if (entityColumns.length > 0 && pairs[0] === numbers[0]) return 'constant';
    const told = parts.some((_, part) => pairs[part + 1] === numbers[part + 1] && moments >= fewestRepeats * numbers[part + 1]!);
    return told ? 'calendar' : 'varies';
  };
  return Object.fromEntries(others.map(({ name }, at) => [name, inTime(at)]));
}
