import type { Histogram } from '../../../../../src-shared/domain/table.ts';

/** A number and how often it occurs. */
export interface CountedNumber {
  number: number;
  count: number;
}

type Quantiles = Record<'p05' | 'p25' | 'p50' | 'p75' | 'p95', number>;

/** Figures of numbers in ascending order; the quantiles as `quantile_cont` defines them (linear between neighbours; Hyndman & Fan 1996,
 *  type 7), the standard deviation with n − 1. */
export function describeNumbers(counts: readonly CountedNumber[]): Quantiles & { min: number; max: number; mean: number; sd: number } {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const mean = counts.reduce((sum, { number, count }) => sum + number * count, 0) / total;
  // Around the mean, not as a difference of squares: dates in milliseconds would lose all digits.
  const squares = counts.reduce((sum, { number, count }) => sum + (number - mean) ** 2 * count, 0);
  const ends: number[] = [];
  let before = 0;
  for (const { count } of counts) ends.push((before += count));
  const at = (position: number): number =>
    counts[
      Math.max(
        0,
        ends.findIndex((end) => position < end),
      )
    ]!.number;
  const quantile = (share: number): number => {
    const position = share * (total - 1);
    const low = at(Math.floor(position));
    const high = at(Math.ceil(position));
    return low + (high - low) * (position - Math.floor(position));
  };
  return {
    min: counts[0]!.number,
    max: counts.at(-1)!.number,
    mean,
    sd: total > 1 ? Math.sqrt(squares / (total - 1)) : 0,
    p05: quantile(0.05),
    p25: quantile(0.25),
    p50: quantile(0.5),
    p75: quantile(0.75),
    p95: quantile(0.95),
  };
}

/** Quantiles by linear interpolation inside equal-width bins; null when one of their bins holds more than `share` of all rows, for then the
 *  place within it says too little. The error in rank is below `share`, in value below `width`. */
export function quantilesOfBins(bins: readonly number[], min: number, width: number, share: number): Quantiles | null {
  const total = bins.reduce((sum, count) => sum + count, 0);
  const quantile = (part: number): number | null => {
    let before = 0;
    for (const [bin, count] of bins.entries()) {
      if (before + count >= part * total && count > 0) {
        if (count > share * total) return null;
        return min + (bin + (part * total - before) / count) * width;
      }
      before += count;
    }
    return null;
  };
  const [p05, p25, p50, p75, p95] = [0.05, 0.25, 0.5, 0.75, 0.95].map(quantile);
  if (p05 == null || p25 == null || p50 == null || p75 == null || p95 == null) return null;
  return { p05, p25, p50, p75, p95 };
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
