import type { FeatureSpec } from '../../../../src-shared/domain/features.ts';
import { counterRandom } from '../../../platform/random.ts';
import {
  answeredRows,
  association,
  imageSize,
  mostClasses,
  noticeColumns,
  noticeInteractions,
  numberFacts,
  spacelessShare,
  type Inspection,
  type Target,
  type TargetInspection,
} from '../../3-features/api.ts';
import { duplicateColumns } from './duplicates.ts';
import { openDuck, parquetRows, quoteName } from './duck.ts';
import { inspectStructure } from './inspectStructure.ts';
import type { DatasetFile, LabelRows } from './order.ts';
import { readTable } from './readTable.ts';
import { columnOf, readNumbers, readTexts } from './readTarget.ts';

const rowsForAssociations = 20_000;
const textsLookedAt = 200;
const imagesLookedAt = 16;
const seed = 20_261_125;

/** Looks at the target and at samples of the columns, for a proposal. Errors: MK_FEATURES_COLUMN_MISSING. */
export async function inspect(dataset: DatasetFile, target: FeatureSpec['target'], labels: LabelRows | null): Promise<Inspection> {
  using duck = await openDuck();
  const { connection } = duck;
  const texts =
    target.kind === 'labels'
      ? labelTexts(dataset.rows, labels!)
      : await readTexts(connection, dataset, columnOf(dataset.columns, target.column));
  const summary = summarise(texts);
  const type = target.kind === 'labels' ? 'category' : columnOf(dataset.columns, target.column).type;
  // Only whether a column tells the target matters here, so a quantity is compared as one whatever the task will be.
  const quantity = summary.numeric && (type === 'number' || type === 'integer') && summary.distinct > 2;
  const whole: Target =
    quantity && target.kind === 'column'
      ? { kind: 'number', values: await readNumbers(connection, dataset, `TRY_CAST(${quoteName(target.column)} AS DOUBLE)`) }
      : { kind: 'class', codes: texts.codes.map((code) => (texts.dictionary[code] === '' ? -1 : code)), classes: texts.dictionary };
  const others = dataset.columns.filter((column) => target.kind === 'labels' || column.name !== target.column);
  const compared = others.filter((column) => column.type !== 'text' && column.type !== 'image' && column.type !== 'identifier');

  const keep = sample(answeredRows(whole), rowsForAssociations);
  const mask = new Uint8Array(dataset.rows);
  for (const row of keep) mask[row] = 1;
  const table = await readTable(connection, dataset.file, { columns: compared, keep: (row) => mask[row] === 1, capacity: keep.length });
  const own: Target =
    whole.kind === 'class'
      ? { ...whole, codes: Int32Array.from(table.rowNumbers, (row) => whole.codes[row]!) }
      : { ...whole, values: Float64Array.from(table.rowNumbers, (row) => whole.values[row]!) };
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
    duplicates: await duplicateColumns(connection, dataset, compared, table),
    interactions: manyClasses ? [] : noticeInteractions(table, compared, own, rows, associations),
    noticed: noticeColumns(table, compared, own, associations),
    ...(await lookAtSamples(connection, dataset, others)),
  };
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
): Promise<Pick<Inspection, 'spaceless' | 'images'>> {
  const spaceless: Inspection['spaceless'] = {};
  const images: Inspection['images'] = {};
  const cells = async (name: string, most: number): Promise<unknown[]> => {
    const column = quoteName(columnOf(columns, name).name);
    const sql = `SELECT ${column} AS cell FROM ${parquetRows(file)} WHERE ${column} IS NOT NULL USING SAMPLE reservoir(${most} ROWS) REPEATABLE (7)`;
    return (await (await connection.run(sql)).getRowObjectsJS()).map((row) => row['cell']);
  };
  for (const { name, type } of others) {
    if (type === 'text') spaceless[name] = spacelessShare((await cells(name, textsLookedAt)).map(String));
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
  return { spaceless, images };
}
