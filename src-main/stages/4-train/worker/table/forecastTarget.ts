// What errors of a forecast are held against.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureSpec } from '../../../../../src-shared/domain/features.ts';
import { naiveErrors, type Target } from '../../../3-features/api.ts';
import { datasetRows } from './history.ts';
import type { DatasetFile } from '../order.ts';
import { readSeries } from './readSeries.ts';

/** A numeric target of a forecasting table with the errors of the naive forecast, for MASE; others as they are. `training`: row numbers. */
export async function withNaiveErrors(
  connection: DuckDBConnection,
  dataset: DatasetFile,
  { history, target: asked }: Pick<FeatureSpec, 'history' | 'target'>,
  target: Target,
  training: readonly Int32Array[],
): Promise<Target> {
  if (!history || target.kind !== 'number' || target.groups || asked.kind !== 'column') return target;
  const isTraining = new Uint8Array(dataset.rows);
  for (const rows of training) for (const row of rows) isTraining[row] = 1;
  const { timeColumn, entityColumns, step, season } = history;
  const { column } = asked;
  const series = await readSeries(connection, {
    own: datasetRows(dataset.file),
    key: { timeColumn, entityColumns },
    step,
    columns: [column],
  });
  const errors = naiveErrors(series, { column, season, rows: dataset.rows, isTraining: (row) => isTraining[row] === 1 });
  return { ...target, naiveErrors: errors };
}
