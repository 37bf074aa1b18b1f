import type { FeatureSpec } from '../../../../src-shared/domain/features.ts';
import { historyName, type History, type HistoryFeature } from '../../../../src-shared/domain/history.ts';
import type { Column } from '../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { isNumeric } from './proposeHistory.ts';

/** Refuses a history that these columns do not have. Errors: MK_FEATURES_COLUMN_MISSING, MK_FEATURES_HISTORY_…, MK_TRAIN_TIME_COLUMN. */
export function checkHistory({ timeColumn, entityColumns, horizon, features }: History, columns: readonly Column[]): void {
  checkSeriesKey({ timeColumn, entityColumns }, columns);
  const names = new Set(columns.map(({ name }) => name));
  for (const feature of features) {
    const column = columnOf(columns, feature.column);
    const name = historyName(feature);
    if (!isNumeric(column.type))
      throw new ModelkeepError('MK_FEATURES_HISTORY_TYPE', { column: column.name, type: column.type, feature: name });
    if (names.has(name)) throw new ModelkeepError('MK_FEATURES_HISTORY_NAME', { feature: name });
    names.add(name);
    if (feature.kind === 'lag' && feature.lag < horizon)
      throw new ModelkeepError('MK_FEATURES_HISTORY_LAG', { feature: name, lag: feature.lag, horizon });
  }
}

/** A time that can be counted in steps, and columns that name series. Errors: MK_FEATURES_COLUMN_MISSING, MK_FEATURES_HISTORY_ENTITY, MK_TRAIN_TIME_COLUMN. */
export function checkSeriesKey(
  { timeColumn, entityColumns }: Pick<History, 'timeColumn' | 'entityColumns'>,
  columns: readonly Column[],
): void {
  const time = columnOf(columns, timeColumn);
  if (!['date', 'timestamp', 'integer', 'number'].includes(time.type))
    throw new ModelkeepError('MK_TRAIN_TIME_COLUMN', { column: time.name, type: time.type });
  for (const [at, name] of entityColumns.entries()) {
    const { type } = columnOf(columns, name);
    if (name === timeColumn || entityColumns.indexOf(name) !== at || type === 'image' || type === 'text')
      throw new ModelkeepError('MK_FEATURES_HISTORY_ENTITY', { column: name, type });
  }
}

/** Columns of the table and those that its history makes. */
export function withHistoryColumns(columns: readonly Column[], history: History | undefined): Column[] {
  return [...columns, ...(history?.features ?? []).map((feature): Column => ({ name: historyName(feature), type: 'number' }))];
}

/** Features that some rule uses. */
export function usedHistory({ history, rules }: Pick<FeatureSpec, 'history' | 'rules'>): HistoryFeature[] {
  const used = new Set(rules.filter(({ kind }) => kind !== 'drop').map(({ column }) => column));
  return (history?.features ?? []).filter((feature) => used.has(historyName(feature)));
}

function columnOf(columns: readonly Column[], name: string): Column {
  const column = columns.find((each) => each.name === name);
  if (!column) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column: name });
  return column;
}
