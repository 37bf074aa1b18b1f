import type { TreeEnsemble } from '../ensemble.ts';
import type { Explanation } from './TreeExplainer.ts';

/** One feature's contributions to one output over many rows, in units of the raw score. */
export interface ContributionSummary {
  readonly feature: number;
  readonly output: number;
  /** Mean of the absolute contributions: how much the feature matters. */
  readonly meanAbsolute: number;
  readonly least: number;
  readonly most: number;
  /**
   * Correlation of value and contribution over the rows that have a value, −1 … 1: whether a larger number raises the score. 0 where
   * one of them never changes; it says nothing of categories.
   */
  readonly direction: number;
  /** Mean contribution of the rows without a value; undefined where every row has one. */
  readonly whenMissing: number | undefined;
}

/** A summary of every feature and output, the weightiest feature of each output first. `features` are the rows explained. */
export function summarizeContributions(
  { featureCount, outputCount }: TreeEnsemble,
  { contributions }: Explanation,
  features: Float32Array,
): ContributionSummary[] {
  const rows = features.length / featureCount;
  return Array.from({ length: outputCount }, (_, output) =>
    Array.from({ length: featureCount }, (__, feature): ContributionSummary => {
      const at = (row: number): number => contributions[(row * outputCount + output) * featureCount + feature]!;
      const value = (row: number): number => features[row * featureCount + feature]!;
      return { feature, output, ...summarize(rows, value, at) };
    }).sort((a, b) => b.meanAbsolute - a.meanAbsolute),
  ).flat();
}

function summarize(
  rows: number,
  value: (row: number) => number,
  contribution: (row: number) => number,
): Omit<ContributionSummary, 'feature' | 'output'> {
  let [absolute, least, most, missing, missingSum] = [0, rows > 0 ? Infinity : 0, rows > 0 ? -Infinity : 0, 0, 0];
  const known: number[] = [];
  for (let row = 0; row < rows; row++) {
    const part = contribution(row);
    absolute += Math.abs(part);
    least = Math.min(least, part);
    most = Math.max(most, part);
    if (Number.isNaN(value(row))) {
      missing++;
      missingSum += part;
    } else if (Number.isFinite(value(row))) known.push(row);
  }
  return {
    meanAbsolute: rows > 0 ? absolute / rows : 0,
    least,
    most,
    direction: correlation(known.map(value), known.map(contribution)),
    whenMissing: missing > 0 ? missingSum / missing : undefined,
  };
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  let [xx, yy, xy] = [0, 0, 0];
  xs.forEach((x, at) => {
    const [dx, dy] = [x - meanX, ys[at]! - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  });
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy))) : 0;
}
