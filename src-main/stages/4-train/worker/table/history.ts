// Inputs of a model that are made of earlier rows, read beside those that stand in the row itself.
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ModelInput } from '../../../../../src-shared/domain/features.ts';
import { historyName, type History } from '../../../../../src-shared/domain/history.ts';
import { computeHistory, type RawColumn } from '../../../3-features/api.ts';
import { parquetRows } from './duck.ts';
import { readSeries, type RowSource } from './readSeries.ts';
import { readTable, type ReadOptions, type ReadTable } from './readTable.ts';

/** What features of history are computed by. */
export type HistoryPlan = Omit<History, 'season'>;

/** Of a model; null where no input is made of earlier rows. */
export function historyOfInputs(inputs: readonly Pick<ModelInput, 'history'>[]): HistoryPlan | null {
  const made = inputs.flatMap(({ history }) => (history ? [history] : []));
  if (made.length === 0) return null;
  const { timeColumn, entityColumns, step, horizon } = made[0]!;
  return { timeColumn, entityColumns, step, horizon, features: made.map(({ feature }) => feature) };
}

/**
 * As `readTable`; columns that have the name of a feature of `plan` are computed from all rows of the file, whichever are kept.
 * Errors: MK_PREDICT_COLUMN_MISSING, MK_FEATURES_HISTORY_DUPLICATE.
 */
export async function readWithHistory(
  connection: DuckDBConnection,
  file: string,
  options: ReadOptions,
  plan: HistoryPlan | null | undefined,
): Promise<ReadTable> {
  const wanted = new Set(options.columns.map(({ name }) => name));
  const features = (plan?.features ?? []).filter((feature) => wanted.has(historyName(feature)));
  if (!plan || features.length === 0) return readTable(connection, file, options);
  const made = new Set(features.map(historyName));
  const table = await readTable(connection, file, { ...options, columns: options.columns.filter(({ name }) => !made.has(name)) });
  await options.pause?.(table.rows);
  const { columns } = await historyColumns(connection, { own: datasetRows(file) }, { ...plan, features });
  const placed = new Map<string, RawColumn>(table.columns);
  for (const [name, values] of columns)
    placed.set(name, { kind: 'float32', values: Float32Array.from(table.rowNumbers, (row) => values[row]!) });
  return { ...table, columns: new Map(options.columns.map(({ name }) => [name, placed.get(name)!])) };
}

export function datasetRows(file: string): RowSource {
  return { relation: parquetRows(file), rowNumber: 'file_row_number', name: basename(file) };
}

export interface HistoryColumns {
  /** By name of the feature and row of `own`; NaN where there is nothing to tell. */
  columns: Map<string, Float32Array>;
  rows: number;
  /** Rows of `own` of which no feature is known. */
  withoutHistory: number;
}

/** Features of the rows of `own`, from its own rows and from `earlier` ones. Errors: those of `readSeries`. */
export async function historyColumns(
  connection: DuckDBConnection,
  { own, earlier = null }: { own: RowSource; earlier?: RowSource | null },
  plan: HistoryPlan,
): Promise<HistoryColumns> {
  const { timeColumn, entityColumns, step } = plan;
  const columns = [...new Set(plan.features.map(({ column }) => column))];
  const series = await readSeries(connection, { own, earlier, key: { timeColumn, entityColumns }, step, columns });
  const known = new Uint8Array(series.rows);
  const byRow = new Map<string, Float32Array>();
  for (const [name, byPlace] of computeHistory(series, plan)) {
    const values = new Float32Array(series.rows).fill(Number.NaN);
    series.rowNumbers.forEach((row, place) => {
      if (row < 0) return;
      values[row] = byPlace[place]!;
      if (!Number.isNaN(values[row])) known[row] = 1;
    });
    byRow.set(name, values);
  }
  return { columns: byRow, rows: series.rows, withoutHistory: series.rows - known.reduce((sum, each) => sum + each, 0) };
}
