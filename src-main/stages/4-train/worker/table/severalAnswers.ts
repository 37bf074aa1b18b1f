// Targets of more than one cell: several labels a row, and relevances within groups.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { Target } from '../../../3-features/api.ts';
import { quoteName } from './duck.ts';
import type { DatasetFile } from '../order.ts';
import { columnOf, readGroups, readNumbers, readTexts } from './readColumn.ts';

type LabelsTarget = Extract<Target, { kind: 'labels' }>;
type Of<K> = Extract<FeatureSpec['target'], { kind: K }>;

/** A label a column. A row with a missing cell has no answer. Errors: MK_FEATURES_COLUMN_MISSING, MK_FEATURES_LABEL_VALUE naming column and row. */
export async function readFlags(connection: DuckDBConnection, dataset: DatasetFile, columns: readonly string[]): Promise<LabelsTarget> {
  const { rows } = dataset;
  const flags = new Uint8Array(rows * columns.length);
  const known = new Uint8Array(rows).fill(1);
  for (const [label, column] of columns.entries()) {
    const values = await readNumbers(connection, dataset, flagExpression(columnOf(dataset.columns, column).name));
    for (let row = 0; row < rows; row++) {
      const value = values[row]!;
      if (Number.isNaN(value)) known[row] = 0;
      else if (value < 0) throw await labelValueError(connection, dataset, column, row);
      else flags[row * columns.length + label] = value;
    }
  }
  return { kind: 'labels', flags, known, labels: [...columns] };
}

/** 1, 0, NULL where empty, −1 for anything else. */
function flagExpression(column: string): string {
  const text = `lower(trim(CAST(${quoteName(column)} AS VARCHAR)))`;
  return `CASE WHEN ${text} IS NULL OR ${text} = '' THEN NULL WHEN ${text} IN ('1', '1.0', 'true') THEN 1.0 WHEN ${text} IN ('0', '0.0', 'false') THEN 0.0 ELSE -1.0 END::DOUBLE`;
}

async function labelValueError(connection: DuckDBConnection, dataset: DatasetFile, column: string, row: number): Promise<ModelkeepError> {
  const { codes, dictionary } = await readTexts(connection, dataset, columnOf(dataset.columns, column));
  return new ModelkeepError('MK_FEATURES_LABEL_VALUE', { column, row, value: dictionary[codes[row]!]!.slice(0, 80) });
}

/**
 * The labels in the cells of one column. An empty cell is a missing answer; one of separators alone says that the row has no label.
 * Labels that are not among `labels` are passed over. Error: MK_FEATURES_COLUMN_MISSING.
 */
export async function readDelimited(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  { column, separator }: Of<'delimited'>,
  labels: readonly string[],
): Promise<LabelsTarget> {
  const { codes, dictionary } = await readTexts(connection, dataset, columnOf(dataset.columns, column));
  const place = new Map(labels.map((label, at) => [label, at]));
  const ofText = dictionary.map((text) => labelsIn(text, separator).flatMap((label) => place.get(label) ?? []));
  const flags = new Uint8Array(codes.length * labels.length);
  const known = Uint8Array.from(codes, (code) => Number(dictionary[code] !== ''));
  codes.forEach((code, row) => {
    for (const label of ofText[code]!) flags[row * labels.length + label] = 1;
  });
  return { kind: 'labels', flags, known, labels: [...labels] };
}

/** All labels of a column, by frequency, the first of equals by name. */
export async function labelsOfColumn(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  { column, separator }: Of<'delimited'>,
): Promise<string[]> {
  const { codes, dictionary } = await readTexts(connection, dataset, columnOf(dataset.columns, column));
  const rows = new Float64Array(dictionary.length);
  for (const code of codes) rows[code]!++;
  const counts = new Map<string, number>();
  dictionary.forEach((text, code) => {
    for (const label of labelsIn(text, separator)) counts.set(label, (counts.get(label) ?? 0) + rows[code]!);
  });
  return [...counts].sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1)).map(([label]) => label);
}

function labelsIn(text: string, separator: string): string[] {
  return [
    ...new Set(
      text
        .split(separator)
        .map((each) => each.trim())
        .filter((each) => each !== ''),
    ),
  ];
}

export interface Relevance {
  target: Extract<Target, { kind: 'number' }>;
  /** Groups of at least two rows; rows that are alone in theirs, or have none. */
  groups: number;
  alone: number;
}

/**
 * Relevances with the group of each row. A row that is alone in its group, or has none, has no answer: there is nothing to put in order.
 * Errors: MK_FEATURES_COLUMN_MISSING, MK_FEATURES_RELEVANCE (negative, infinite, no number) naming column and row.
 */
export async function readRelevance(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  { column, group }: Of<'ranking'>,
): Promise<Relevance> {
  const name = quoteName(columnOf(dataset.columns, column).name);
  const text = `trim(CAST(${name} AS VARCHAR))`;
  // −1 for what is no number.
  const values = await readNumbers(
    connection,
    dataset,
    `CASE WHEN ${name} IS NULL OR ${text} = '' THEN NULL ELSE coalesce(TRY_CAST(${name} AS DOUBLE), -1) END`,
  );
  const bad = values.findIndex((value) => value < 0 || value === Infinity);
  if (bad >= 0) {
    const { codes, dictionary } = await readTexts(connection, dataset, columnOf(dataset.columns, column));
    throw new ModelkeepError('MK_FEATURES_RELEVANCE', { column, row: bad, value: dictionary[codes[bad]!]!.slice(0, 80) });
  }
  const groups = await readGroups(connection, dataset, group);
  const sizes = new Map<number, number>();
  groups.forEach((code, row) => {
    if (!Number.isNaN(values[row])) sizes.set(code, (sizes.get(code) ?? 0) + 1);
  });
  let alone = 0;
  groups.forEach((code, row) => {
    if (Number.isNaN(values[row]) || sizes.get(code)! > 1) return;
    values[row] = Number.NaN;
    alone++;
  });
  return { target: { kind: 'number', values, groups }, groups: [...sizes.values()].filter((size) => size > 1).length, alone };
}
