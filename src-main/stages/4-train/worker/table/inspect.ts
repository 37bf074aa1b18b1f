import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import type { Forecast } from '../../../../../src-shared/domain/history.ts';
import { targetColumns } from '../../../../../src-shared/domain/target.ts';
import { counterRandom } from '../../../../platform/random.ts';
import {
  answeredRows,
  association,
  dictionaryShare,
  hanShare,
  imageSize,
  mostClasses,
  noticeColumns,
  noticeInteractions,
  numberFacts,
  labelCounts,
  spacelessShare,
  targetAt,
  type Inspection,
  type Target,
  type TargetInspection,
} from '../../../3-features/api.ts';
import { duplicateColumns } from './duplicates.ts';
import { openDuck, parquetRows, quoteName } from './duck.ts';
import { inspectSeries } from './inspectSeries.ts';
import { inspectStructure } from './inspectStructure.ts';
import type { DatasetFile, LabelRows } from '../order.ts';
import { readTable } from './readTable.ts';
import { columnOf, readNumbers, readTexts } from './readColumn.ts';
import { labelsOfColumn, readDelimited, readFlags, readRelevance } from './severalAnswers.ts';

const rowsForAssociations = 20_000;
const textsLookedAt = 200;
const imagesLookedAt = 16;
const seed = 20_261_125;

/** Looks at the target and at samples of the columns, for a proposal. Errors: those of `readTarget`. */
export async function inspect(
  dataset: DatasetFile,
  target: FeatureSpec['target'],
  labels: LabelRows | null,
  forecast?: Forecast | null,
): Promise<Inspection> {
  using duck = await openDuck();
  const { connection } = duck;
  const { whole, summary } = await lookAtTarget(connection, dataset, target, labels);
  const hidden = targetColumns(target);
  const others = dataset.columns.filter(({ name }) => !hidden.includes(name));
  const compared = others.filter((column) => column.type !== 'text' && column.type !== 'image' && column.type !== 'identifier');

  const keep = sample(answeredRows(whole), rowsForAssociations);
  const mask = new Uint8Array(dataset.rows);
  for (const row of keep) mask[row] = 1;
  const table = await readTable(connection, dataset.file, { columns: compared, keep: (row) => mask[row] === 1, capacity: keep.length });
  const own: Target = targetAt(whole, table.rowNumbers);
  const rows = answeredRows(own);
  const numbers = whole.kind === 'number' ? numberFacts(whole.values) : undefined;
  const manyClasses = own.kind === 'class' && summary.distinct > mostClasses;
  const associations = Object.fromEntries(
    compared.map(({ name }) => [name, manyClasses ? null : association(table.columns.get(name)!, own, rows)]),
  );
  return {
    rows: dataset.rows,
    target: { ...summary, ...(numbers ? { numbers } : {}) },
    associations,
    structure: await inspectStructure(connection, dataset, others, whole, { table, target: own }),
    series: await inspectSeries(connection, dataset, target.kind === 'column' ? target.column : null, forecast),
    duplicates: await duplicateColumns(connection, dataset, compared, table),
    interactions: manyClasses || own.kind === 'labels' ? [] : noticeInteractions(table, compared, own, rows, associations),
    noticed: noticeColumns(table, compared, own, associations),
    ...(await lookAtSamples(connection, dataset, others)),
  };
}

type Connection = Awaited<ReturnType<typeof openDuck>>['connection'];

async function lookAtTarget(
  connection: Connection,
  dataset: DatasetFile,
  target: FeatureSpec['target'],
  labels: LabelRows | null,
): Promise<{ whole: Target; summary: TargetInspection }> {
  if (target.kind === 'flags') return ofLabels(await readFlags(connection, dataset, target.columns), target.columns.length);
  if (target.kind === 'delimited') {
    const found = await labelsOfColumn(connection, dataset, target);
    return ofLabels(await readDelimited(connection, dataset, target, found.slice(0, mostLabels)), found.length);
  }
  const texts =
    target.kind === 'labels'
      ? labelTexts(dataset.rows, labels!)
      : await readTexts(connection, dataset, columnOf(dataset.columns, target.column));
  const summary = summarise(texts);
  if (target.kind === 'ranking') {
    const { target: whole, groups, alone } = await readRelevance(connection, dataset, target);
    return { whole, summary: { ...summary, groups: { groups, alone } } };
  }
  const type = target.kind === 'labels' ? 'category' : columnOf(dataset.columns, target.column).type;
  // Only whether a column tells the target matters here, so a quantity is compared as one whatever the task will be.
  const quantity = summary.numeric && (type === 'number' || type === 'integer') && summary.distinct > 2;
  const whole: Target =
    quantity && target.kind === 'column'
      ? { kind: 'number', values: await readNumbers(connection, dataset, `TRY_CAST(${quoteName(target.column)} AS DOUBLE)`) }
      : { kind: 'class', codes: texts.codes.map((code) => (texts.dictionary[code] === '' ? -1 : code)), classes: texts.dictionary };
  return { whole, summary };
}

/** Labels that are read at all; more than a model will have. */
const mostLabels = 400;

function ofLabels(whole: Extract<Target, { kind: 'labels' }>, distinct: number): { whole: Target; summary: TargetInspection } {
  const rows = answeredRows(whole);
  const counts = labelCounts(whole, rows);
  const width = whole.labels.length;
  const rowsWithout = rows.filter((row) => !whole.flags.subarray(row * width, (row + 1) * width).includes(1)).length;
  const perRow = counts.reduce((sum, each) => sum + each, 0) / Math.max(1, rows.length);
  const values = whole.labels.map((value, label) => ({ value, count: counts[label]! })).sort((a, b) => b.count - a.count);
  return { whole, summary: { answered: rows.length, numeric: false, distinct, values, labels: { perRow, rowsWithout } } };
}

function labelTexts(rows: number, labels: LabelRows): { codes: Int32Array; dictionary: string[] } {
  const codes = new Int32Array(rows).fill(labels.classes.length);
  labels.rows.forEach((row, at) => (codes[row] = labels.codes[at]!));
  return { codes, dictionary: [...labels.classes, ''] };
}

function summarise({ codes, dictionary }: { codes: Int32Array; dictionary: string[] }): TargetInspection {
  const counts = new Float64Array(dictionary.length);
  for (const code of codes) counts[code]!++;
  const seen = dictionary.map((value, code) => ({ value, count: counts[code]! })).filter(({ value, count }) => value !== '' && count > 0);
  return {
    answered: seen.reduce((sum, each) => sum + each.count, 0),
    numeric: seen.every(({ value }) => value.trim() !== '' && Number.isFinite(Number(value))),
    distinct: seen.length,
    values: seen.length > mostClasses ? [] : seen.sort((a, b) => b.count - a.count),
  };
}

function sample(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  const share = most / rows.length;
  return rows.filter((row) => counterRandom(seed, row).next() < share);
}

async function lookAtSamples(
  connection: Parameters<typeof readTable>[0],
  { file, columns }: DatasetFile,
  others: DatasetFile['columns'],
): Promise<Pick<Inspection, 'spaceless' | 'dictionary' | 'images'>> {
  const spaceless: Inspection['spaceless'] = {};
  const dictionary: Record<string, number> = {};
  const images: Inspection['images'] = {};
  const cells = async (name: string, most: number): Promise<unknown[]> => {
    const column = quoteName(columnOf(columns, name).name);
    const sql = `SELECT ${column} AS cell FROM ${parquetRows(file)} WHERE ${column} IS NOT NULL USING SAMPLE reservoir(${most} ROWS) REPEATABLE (7)`;
    return (await (await connection.run(sql)).getRowObjectsJS()).map((row) => row['cell']);
  };
  for (const { name, type } of others) {
    if (type === 'text') {
      const texts = (await cells(name, textsLookedAt)).map(String);
      spaceless[name] = spacelessShare(texts);
      if (hanShare(texts) > 0.5) dictionary[name] = await dictionaryShare(texts);
    }
    if (type !== 'image') continue;
    const sizes = await Promise.all((await cells(name, imagesLookedAt)).map((bytes) => imageSize(bytes as Uint8Array)));
    const known = sizes.filter((size) => size !== null);
    if (known.length === 0) continue;
    const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
    images[name] = {
      width: middle(known.map((size) => size.width)),
      height: middle(known.map((size) => size.height)),
      channels: known.some((size) => size.channels === 3) ? 3 : 1,
    };
  }
  return { spaceless, dictionary, images };
}
