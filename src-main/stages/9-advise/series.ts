// One figure per calendar period, read by SQL.
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import { countPeriods, isoDay, isPartial, periodsBetween } from './calendar.ts';
import { quoteName, quoteText, type MetricReader } from './metricReader.ts';

export interface Series {
  /** Start of each period, oldest first, without a gap. */
  starts: number[];
  /** Sum or count of a period without rows is 0; an average or a share is null. */
  values: (number | null)[];
  rows: number[];
}

const mostPeriods = 20_000;

/** A week or month at either end that the rows cover only in part is left out: it would look like a fall.
 *  Errors: MK_ADVISE_NO_ROWS, MK_ADVISE_TOO_MANY_PERIODS. */
export async function readSeries(metric: MetricDefinition, version: number, reader: MetricReader, signal?: AbortSignal): Promise<Series> {
  const ref = { name: metric.dataset, version };
  const time = timeOf(metric);
  const found = (await reader.query(
    ref,
    `SELECT epoch_ms(date_trunc('${metric.period}', ${time})::TIMESTAMP)::DOUBLE AS start, ${aggregateOf(metric)}::DOUBLE AS figure,
       COUNT(*)::DOUBLE AS "rows", epoch_ms(MIN(${time}))::DOUBLE AS first, epoch_ms(MAX(${time}))::DOUBLE AS last
     FROM {table} WHERE ${time} IS NOT NULL GROUP BY 1 ORDER BY 1`,
    signal,
  )) as { start: number; figure: number | null; rows: number; first: number; last: number }[];
  const [oldest, newest] = [found[0], found.at(-1)];
  if (!oldest || !newest) throw new ModelkeepError('MK_ADVISE_NO_ROWS', { dataset: metric.dataset, version, column: metric.timeColumn });
  const periods = countPeriods(oldest.start, newest.start, metric.period);
  if (periods > mostPeriods)
    throw new ModelkeepError('MK_ADVISE_TOO_MANY_PERIODS', {
      column: metric.timeColumn,
      from: isoDay(oldest.start),
      to: isoDay(newest.start),
      periods,
      period: metric.period,
      limit: mostPeriods,
    });
  const byStart = new Map(found.map((one) => [one.start, one]));
  const starts = periodsBetween(oldest.start, newest.start, metric.period);
  if (starts.length > 1 && metric.period !== 'day' && oldest.first >= oldest.start + 2 * 86_400_000) starts.shift();
  if (starts.length > 1 && isPartial(newest.start, newest.last, metric.period)) starts.pop();
  const empty = metric.aggregate === 'sum' || metric.aggregate === 'count' ? 0 : null;
  return {
    starts,
    values: starts.map((start) => (byStart.has(start) ? (byStart.get(start)!.figure ?? empty) : empty)),
    rows: starts.map((start) => byStart.get(start)?.rows ?? 0),
  };
}

/** The time of a row as SQL. */
export function timeOf({ timeColumn }: MetricDefinition): string {
  return `${quoteName(timeColumn)}::TIMESTAMP`;
}

/** What one row adds, as SQL; null where the row does not count. */
export function rowFigureOf({ aggregate, valueColumn, shareOf }: MetricDefinition): string {
  if (aggregate === 'count') return '1.0';
  const column = quoteName(valueColumn ?? '');
  if (aggregate !== 'share') return `${column}::DOUBLE`;
  return `CASE WHEN ${column} IS NULL THEN NULL WHEN ${column}::VARCHAR = ${quoteText(shareOf ?? '')} THEN 1.0 ELSE 0.0 END`;
}

function aggregateOf(metric: MetricDefinition): string {
  const figure = rowFigureOf(metric);
  return metric.aggregate === 'sum' || metric.aggregate === 'count' ? `SUM(${figure})` : `AVG(${figure})`;
}
