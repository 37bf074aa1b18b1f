import type { Histogram } from '../../../../../src-shared/domain/table.ts';

/** A number and how often it occurs. */
export interface CountedNumber {
  number: number;
  count: number;
}

/** Quantiles of numbers in ascending order, as `quantile_cont` defines them (linear between neighbours; Hyndman & Fan 1996, type 7). */
export function numericFromCounts(counts: readonly CountedNumber[]): Record<'p05' | 'p25' | 'p50' | 'p75' | 'p95', number> {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const at = (position: number): number => {
    let before = 0;
    for (const { number, count } of counts) {
      before += count;
      if (position < before) return number;
    }
    return counts.at(-1)?.number ?? 0;
  };
  const quantile = (share: number): number => {
    const position = share * (total - 1);
    const low = at(Math.floor(position));
    const high = at(Math.ceil(position));
    return low + (high - low) * (position - Math.floor(position));
  };
  return { p05: quantile(0.05), p25: quantile(0.25), p50: quantile(0.5), p75: quantile(0.75), p95: quantile(0.95) };
}

/** Equal-width bins over numbers in ascending order. Whole numbers of a small range get one bin each, centred on the number. */
export function equalWidthBins(counts: readonly CountedNumber[], bins: number, kind: 'whole' | 'any'): Histogram {
  const min = counts[0]!.number;
  const max = counts.at(-1)!.number;
  if (kind === 'whole' && max - min < bins) {
    const size = max - min + 1;
    const histogram = {
      edges: Array.from({ length: size + 1 }, (_, edge) => min - 0.5 + edge),
      counts: Array.from({ length: size }, () => 0),
    };
    for (const { number, count } of counts) histogram.counts[Math.round(number - min)]! += count;
    return histogram;
  }
  if (max === min) return { edges: [min, max], counts: [counts[0]!.count] };
  const width = (max - min) / bins;
  const result = Array.from({ length: bins }, () => 0);
  for (const { number, count } of counts) result[Math.min(bins - 1, Math.floor((number - min) / width))]! += count;
  return { edges: Array.from({ length: bins + 1 }, (_, edge) => (edge === bins ? max : min + edge * width)), counts: result };
}
