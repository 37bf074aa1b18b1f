// One analysis of a metric: series, verdict, explanation, advice. Writes nothing.
import type { Advice, MetricDefinition } from '../../../src-shared/rpc/advise.ts';
import type { Ids } from '../../platform/random.ts';
import { actionFor } from './action.ts';
import { nextPeriod } from './calendar.ts';
import { explainGap, largestRows, type DimensionParts } from './explain.ts';
import type { MetricReader } from './metricReader.ts';
import { readSeries, type Series } from './series.ts';
import type { Analysis } from './store.ts';
import type { Judgement, Standout } from './worker/judge.ts';
import { rules, type Period } from './worker/rules.ts';

export interface AnalyseParts {
  reader: MetricReader;
  judge(values: (number | null)[], period: Period): Promise<Judgement>;
  ids: Ids;
  now: number;
  signal?: AbortSignal;
}

/** Only what ended lately asks for an action; older standouts stay visible in the chart. */
const recentPeriods: Record<Period, number> = { day: 28, week: 8, month: 3 };
/** Periods before the gap that say what is usual. */
const usualPeriods: Record<Period, number> = { day: 56, week: 26, month: 12 };
const mostAdvice = 3;

export async function analyseMetric(
  metric: MetricDefinition,
  version: number,
  { reader, judge, ids, now, signal }: AnalyseParts,
): Promise<{ analysis: Analysis; advice: Advice[]; standouts: number }> {
  const series = await readSeries(metric, version, reader, signal);
  const { points, standouts, method } = await judge(series.values, metric.period);
  const analysis: Analysis = {
    datasetVersion: version,
    points: points.map((point, index) => ({ at: series.starts[index]!, ...point })),
    method:
      method.judged === 0
        ? { key: 'tooFewPeriods', params: { periods: series.values.length, needed: fewestPeriods(metric.period, method.seasons) } }
        : {
            key: 'rolling',
            params: {
              seasons: method.seasons.join(', '),
              judged: method.judged,
              intervalShare: method.level,
              window: method.window,
            },
          },
    at: now,
  };
  const recent = standouts
    .filter((one) => one.to >= series.values.length - recentPeriods[metric.period])
    .sort((a, b) => b.excess - a.excess)
    .slice(0, mostAdvice);
  const advice: Advice[] = [];
  for (const one of recent) advice.push(await adviceOn(metric, version, series, one, { reader, ids, now, ...(signal && { signal }) }));
  return { analysis, advice, standouts: standouts.length };
}

/** History before the first forecast, and the forecasts that only calibrate. */
function fewestPeriods(period: Period, seasons: readonly number[]): number {
  const { minHistory, firstErrors, calibration } = rules[period];
  return Math.max(minHistory, 2 * (seasons.at(-1) ?? 0)) + firstErrors + calibration + 1;
}

async function adviceOn(
  metric: MetricDefinition,
  version: number,
  series: Series,
  standout: Standout,
  { reader, ids, now, signal }: Pick<AnalyseParts, 'reader' | 'ids' | 'now' | 'signal'>,
): Promise<Advice> {
  const periods = standout.to - standout.from + 1;
  const isSum = metric.aggregate === 'sum' || metric.aggregate === 'count';
  const scale = isSum ? 1 : 1 / periods; // of an average the run's mean, not its sum
  const expected = standout.expected * scale;
  const usualStart = Math.max(0, standout.from - usualPeriods[metric.period]);
  const [from, to] = [series.starts[standout.from]!, series.starts[standout.to]!];
  const usual = { usualFrom: series.starts[usualStart]!, usualPeriods: standout.from - usualStart };
  const { actual, dimensions } = await explainGap(metric, version, { from, to, ...usual, periods, expected }, reader, signal);
  const largest = metric.aggregate === 'sum' && actual > expected ? await largestRows(metric, version, { from, to }, reader, signal) : [];
  const usualRows = series.rows.slice(usualStart, standout.from);
  const rows = series.rows.slice(standout.from, standout.to + 1);
  return {
    id: ids.next('advice'),
    metric: metric.name,
    title: metric.title,
    unit: metric.unit,
    at: now,
    periodFrom: from,
    periodTo: nextPeriod(to, metric.period) - 1,
    actual,
    expected,
    low: standout.low * scale,
    high: standout.high * scale,
    gap: actual - expected,
    contributions: dimensions.flatMap((one: DimensionParts) => one.parts),
    action: actionFor({
      metric,
      actual,
      expected,
      periods,
      rows: sum(rows),
      usualRows: (sum(usualRows) / Math.max(1, usualRows.length)) * periods,
      emptyPeriods: rows.filter((count) => count === 0).length,
      usualEmptyShare: usualRows.filter((count) => count === 0).length / Math.max(1, usualRows.length),
      dimensions,
      largestRows: largest,
    }),
    state: 'open',
    decision: null,
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
