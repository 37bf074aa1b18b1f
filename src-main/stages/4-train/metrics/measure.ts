import type { Estimate } from '../../../../src-shared/domain/names.ts';
import type { MetricName, Metrics } from '../../../../src-shared/domain/training.ts';
import { rowCount, type Answers } from './answers.ts';
import { deLong, rankScores } from './areaUnderCurve.ts';
import { drawnRows, passesOf, percentileInterval, replicateCount } from './bootstrap.ts';
import { prepareMetrics } from './pointMetrics.ts';
import { prepareRequested, type WeightedMetric } from './requestedMetrics.ts';

/** Normal quantile of a two-sided 95 % interval. */
const z = 1.959963984540054;

/**
 * All metrics of the task with 95 % intervals: accuracy by Wilson's score, the area under the curve of two classes by DeLong,
 * everything else by the percentile bootstrap. An interval that would have no width (every answer right) is null, not zero:
 * the rows at hand cannot tell how far it reaches. Undefined metrics are left out. `also`: metrics beyond those of every model; forecasts always have `mase`.
 */
export function measure(answers: Answers, seed: number, also: readonly MetricName[] = []): Metrics {
  const rows = rowCount(answers);
  const point: Partial<Record<MetricName, number>> = prepareMetrics(answers)();
  const asked = answers.kind === 'number' && answers.naiveErrors ? [...new Set<MetricName>([...also, 'mase'])] : also;
  const requested = asked.flatMap((name) => {
    if (name in point) return [];
    const value = prepareRequested(answers, name);
    return value ? [{ name, value }] : [];
  });
  for (const { name, value } of requested) point[name] = value();
  const intervals = bootstrapIntervals(answers, seed, requested);
  const result: Metrics = {};
  for (const [name, value] of Object.entries(point) as [MetricName, number][]) {
    if (!Number.isFinite(value)) continue;
    // Chance alone moves shares away from what was stated: replicates lie above the value, and their quantiles are no interval.
    if (name === 'calibrationError') {
      result[name] = { value, low: null, high: null, rows };
      continue;
    }
    result[name] = { value, ...(intervalOf(name, value, answers) ?? intervals[name] ?? { low: null, high: null }), rows };
  }
  return result;
}

/** Values without intervals: for a leaderboard that is drawn again and again. */
export function measurePoints(answers: Answers): Partial<Record<MetricName, number>> {
  return Object.fromEntries(Object.entries(prepareMetrics(answers)()).filter(([, value]) => Number.isFinite(value)));
}

function intervalOf(name: MetricName, value: number, answers: Answers): Pick<Estimate, 'low' | 'high'> | null {
  if (answers.kind !== 'class') return null;
  if (name === 'accuracy') return wilson(value, answers.truth.length);
  if (name !== 'auc' || answers.classes !== 2) return null;
  const { standardError } = deLong(rankScores(answers.probabilities, Uint8Array.from(answers.truth), 2, 1));
  if (!(standardError > 0)) return { low: null, high: null };
  return { low: Math.max(0, value - z * standardError), high: Math.min(1, value + z * standardError) };
}

/** Wilson, J. Am. Stat. Assoc. 22 (1927) 209–212: honest also near 0 and 1, where value ± z·se leaves the scale. */
export function wilson(share: number, rows: number): { low: number; high: number } {
  const centre = share + (z * z) / (2 * rows);
  const half = z * Math.sqrt((share * (1 - share)) / rows + (z * z) / (4 * rows * rows));
  const scale = 1 + (z * z) / rows;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

function bootstrapIntervals(
  answers: Answers,
  seed: number,
  requested: readonly { name: MetricName; value: WeightedMetric }[],
): Partial<Record<MetricName, { low: number; high: number }>> {
  // The area of two classes has DeLong's interval.
  const manyClasses = answers.kind === 'class' && answers.classes > 2;
  const metrics = prepareMetrics(answers, { withArea: manyClasses });
  const rows = rowCount(answers);
  const drawn: Partial<Record<MetricName, number[]>> = {};
  for (const weights of drawnRows(answers, seed, replicateCount(rows, passesOf(answers) + requested.length / 2))) {
    for (const [name, value] of Object.entries(metrics(weights)) as [MetricName, number][]) (drawn[name] ??= []).push(value);
    for (const { name, value } of requested) (drawn[name] ??= []).push(value(weights));
  }
  return Object.fromEntries(
    Object.entries(drawn).flatMap(([name, values]) => {
      const interval = percentileInterval(values);
      return interval ? [[name, interval]] : [];
    }),
  );
}
