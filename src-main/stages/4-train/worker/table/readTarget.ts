import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import type { Target } from '../../../3-features/api.ts';
import { readDelimited, readFlags, readRelevance } from './severalAnswers.ts';
import { quoteName } from './duck.ts';
import type { DatasetFile, LabelRows } from '../order.ts';
import { columnOf, readNumbers, readTexts } from './readColumn.ts';

/**
 * The answer of every row of the dataset. A value that is not among the classes of the spec counts as missing.
 * Errors: MK_FEATURES_COLUMN_MISSING; of several labels MK_FEATURES_LABEL_VALUE; of a ranking MK_FEATURES_RELEVANCE.
 */
export async function readTarget(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  { target, task, classes }: Pick<FeatureSpec, 'target' | 'task' | 'classes'>,
  labels: LabelRows | null,
): Promise<Target> {
  switch (target.kind) {
    case 'labels':
      return labelTarget(dataset.rows, labels!, classes);
    case 'flags':
      return readFlags(connection, dataset, classes);
    case 'delimited':
      return readDelimited(connection, dataset, target, classes);
    case 'ranking':
      return (await readRelevance(connection, dataset, target)).target;
    case 'column':
      break;
  }
  const column = columnOf(dataset.columns, target.column);
  if (task === 'regression')
    return { kind: 'number', values: await readNumbers(connection, dataset, `TRY_CAST(${quoteName(column.name)} AS DOUBLE)`) };
  const { dictionary, codes } = await readTexts(connection, dataset, column);
  const codeOf = dictionary.map((text) => (text === '' ? -1 : classes.indexOf(text)));
  return { kind: 'class', codes: codes.map((code) => codeOf[code]!), classes };
}

function labelTarget(rows: number, labels: LabelRows, classes: string[]): Target {
  const codes = new Int32Array(rows).fill(-1);
  const codeOf = labels.classes.map((name) => classes.indexOf(name));
  labels.rows.forEach((row, at) => (codes[row] = codeOf[labels.codes[at]!]!));
  return { kind: 'class', codes, classes };
}
