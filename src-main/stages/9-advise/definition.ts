import type { ColumnType, DatasetVersion } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { MetricDefinition } from '../../../src-shared/rpc/advise.ts';

const timeTypes: readonly ColumnType[] = ['date', 'timestamp'];
const numberTypes: readonly ColumnType[] = ['integer', 'number', 'boolean'];

/** Holds a definition against the columns of the dataset.
 *  Errors: MK_ADVISE_COLUMN_UNKNOWN, MK_ADVISE_COLUMN_TYPE, MK_ADVISE_METRIC_INCOMPLETE. */
export function checkDefinition(metric: MetricDefinition, version: DatasetVersion): void {
  requireType('timeColumn', metric.timeColumn, timeTypes);
  if (metric.aggregate !== 'count') {
    if (metric.valueColumn === null) throw incomplete('valueColumn');
    if (metric.aggregate === 'share') {
      if (metric.shareOf === null) throw incomplete('shareOf');
      requireType('valueColumn', metric.valueColumn, null);
    } else requireType('valueColumn', metric.valueColumn, numberTypes);
  }
  for (const dimension of metric.dimensions) requireType('dimensions', dimension, null);

  function requireType(field: string, name: string, types: readonly ColumnType[] | null): void {
    const column = version.columns.find((one) => one.name === name);
    const where = { dataset: version.dataset, version: version.version };
    if (!column) {
      const listed = version.columns.slice(0, 30).map((one) => one.name);
      const columns = listed.join(', ') + (version.columns.length > listed.length ? ' …' : '');
      throw new ModelkeepError('MK_ADVISE_COLUMN_UNKNOWN', { ...where, column: name, columns });
    }
    if (column.type === 'image' || (types && !types.includes(column.type)))
      throw new ModelkeepError('MK_ADVISE_COLUMN_TYPE', {
        ...where,
        column: name,
        found: column.type,
        field,
        expected: types ? types.join(' / ') : 'text or numbers',
      });
  }

  function incomplete(field: string): ModelkeepError {
    return new ModelkeepError('MK_ADVISE_METRIC_INCOMPLETE', { aggregate: metric.aggregate, field });
  }
}
