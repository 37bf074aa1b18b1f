// Points of a metric as lines of a chart.
import type { MetricEntry, MetricPoint } from '../../managers/advise.svelte.ts';
import type { LineSeries } from '../../charts/lineSeries.ts';
import { localDay } from './localDay.ts';

export interface SeriesNames {
  actual: string;
  expected: string;
  outside: string;
}

/** Actual, expected with its band, and the periods that stand out as dots. Lines that have no point are left out. */
export function seriesLines(points: readonly MetricPoint[], names: SeriesNames): LineSeries[] {
  const at = (point: MetricPoint): number => localDay(point.at);
  const judged = points.filter(({ expected }) => expected !== null);
  const outside = points.filter(({ anomaly, value }) => anomaly && value !== null);
  const lines: LineSeries[] = [{ name: names.actual, role: 'cur', points: points.map((point) => [at(point), point.value]) }];
  if (judged.length > 0)
    lines.unshift({
      name: names.expected,
      role: 'ref',
      points: points.map((point) => [at(point), point.expected]),
      band: judged.flatMap((point) => (point.low === null || point.high === null ? [] : [[at(point), point.low, point.high] as const])),
    });
  if (outside.length > 0)
    lines.push({ name: names.outside, role: 'null', dots: true, points: outside.map((point) => [at(point), point.value]) });
  return lines;
}

export type MetricState = 'within' | 'above' | 'below' | 'unknown' | 'noValue';

/** The dataset has a newer version than the one that was analysed. */
export function isBehind({ analysedVersion, newestVersion }: Pick<MetricEntry, 'analysedVersion' | 'newestVersion'>): boolean {
  return analysedVersion !== null && analysedVersion !== newestVersion;
}

/** Whether the newest period is as usual. */
export function stateOf(latest: MetricPoint | null): MetricState {
  if (latest === null || (latest.value !== null && latest.expected === null)) return 'unknown';
  if (latest.value === null || latest.expected === null) return 'noValue';
  if (!latest.anomaly) return 'within';
  return latest.value > latest.expected ? 'above' : 'below';
}
