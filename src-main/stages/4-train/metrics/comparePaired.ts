import { higherIsBetter, type MetricName, type PairedMetric } from '../../../../src-shared/domain/training.ts';
import { rowCount, type Answers } from './answers.ts';
import { drawnRows, passesOf, percentileInterval, replicateCount } from './bootstrap.ts';
import { measure } from './measure.ts';
import { prepareMetric, prepareMetrics } from './pointMetrics.ts';

/**
 * Two models on the same rows. Each bootstrap replicate draws the same rows for both, so what is easy or hard for both cancels
 * out: the interval of the difference is narrower than the two intervals suggest. `better` means that b is better than a. `also`:
 * metrics beyond those of every model.
 */
export function comparePaired(a: Answers, b: Answers, seed: number, also: readonly MetricName[] = []): PairedMetric[] {
  const rows = rowCount(a);
  if (rowCount(b) !== rows) throw new Error('Both models must have answered the same rows.');
  const [metricsA, metricsB] = [prepareMetrics(a), prepareMetrics(b)];
  const [ofA, ofB] = [measure(a, seed, also), measure(b, seed, also)];
  const both = (Object.keys(ofA) as MetricName[]).filter((name) => ofB[name]);
  const names = both.filter((name) => name in metricsA());
  const differences = new Map<MetricName, number[]>(names.map((name) => [name, []]));
  for (const weights of drawnRows(a, seed, replicateCount(rows, passesOf(a)))) {
    const [pointA, pointB] = [metricsA(weights), metricsB(weights)];
    for (const name of names) differences.get(name)!.push(pointB[name]! - pointA[name]!);
  }
  return both.map((metric) => {
    if (!differences.has(metric)) return { metric, a: ofA[metric]!, b: ofB[metric]!, ...pairedDifference(a, b, metric, seed) };
    const value = ofB[metric]!.value - ofA[metric]!.value;
    const interval = percentileInterval(differences.get(metric)!);
    const difference = { value, low: interval?.low ?? null, high: interval?.high ?? null, rows };
    return { metric, a: ofA[metric]!, b: ofB[metric]!, difference, verdict: verdictOf(metric, interval, differences.get(metric)!) };
  });
}

/** One metric alone: b − a and what it proves. */
export function pairedDifference(a: Answers, b: Answers, metric: MetricName, seed: number): Pick<PairedMetric, 'difference' | 'verdict'> {
  const [ofA, ofB] = [prepareMetric(a, metric), prepareMetric(b, metric)];
  const rows = rowCount(a);
  const differences: number[] = [];
  for (const weights of drawnRows(a, seed)) differences.push(ofB(weights) - ofA(weights));
  const interval = percentileInterval(differences);
  const difference = { value: ofB() - ofA(), low: interval?.low ?? null, high: interval?.high ?? null, rows };
  return { difference, verdict: verdictOf(metric, interval, differences) };
}

function verdictOf(
  metric: MetricName,
  interval: { low: number; high: number } | null,
  replicates: readonly number[],
): PairedMetric['verdict'] {
  // Where every replicate says the same (all answers right against a constant), there is no interval, and no doubt either.
  const { low, high } = interval ?? { low: Math.min(...replicates), high: Math.max(...replicates) };
  if (!(low > 0) && !(high < 0)) return 'noProvenDifference';
  return low > 0 === higherIsBetter[metric] ? 'better' : 'worse';
}
