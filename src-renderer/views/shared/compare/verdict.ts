// What a paired comparison says, before it is put into words.
import type { MetricName } from '../../../../src-shared/domain/training.ts';
import type { Result } from '../../../../src-shared/rpc/contract.ts';

export type Comparison = Result<'registry.compare'>;
export type ComparedMetric = Comparison['metrics'][number];

export interface Verdict {
  /** `aside`: better in something, but not in the main metric, and nowhere worse. */
  kind: 'better' | 'aside' | 'worse' | 'mixed' | 'none';
  better: MetricName[];
  worse: MetricName[];
}

/** Only what the paired interval proves counts. */
export function verdictOf({ metrics, a }: { metrics: readonly ComparedMetric[]; a: { primaryMetric: MetricName } }): Verdict {
  const of = (verdict: ComparedMetric['verdict']): MetricName[] =>
    metrics.filter((one) => one.verdict === verdict).map(({ metric }) => metric);
  const [better, worse] = [of('better'), of('worse')];
  if (worse.length > 0) return { kind: better.length > 0 ? 'mixed' : 'worse', better, worse };
  const kind = better.length === 0 ? 'none' : better.includes(a.primaryMetric) ? 'better' : 'aside';
  return { kind, better, worse };
}

/** Ends of an axis with zero in the middle, for one row: metrics have different units, so rows do not share a scale. */
export function rangeAroundZero({ value, low, high }: ComparedMetric['difference']): [low: number, high: number] {
  const reach = Math.max(Math.abs(value), Math.abs(low ?? 0), Math.abs(high ?? 0)) * 1.1 || 1;
  return [-reach, reach];
}

/** The main metric first, the others in their order. */
export function primaryFirst(metrics: readonly ComparedMetric[], primary: MetricName): ComparedMetric[] {
  return metrics.toSorted((a, b) => Number(b.metric === primary) - Number(a.metric === primary));
}

export interface SideBySide {
  key: string;
  a: string | null;
  b: string | null;
}

export function differing<R extends { a: string | null; b: string | null }>(rows: readonly R[]): R[] {
  return rows.filter(({ a, b }) => a !== b);
}
