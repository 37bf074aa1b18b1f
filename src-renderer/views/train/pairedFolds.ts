// Two candidates fold by fold: both were judged on the same rows of each.
import { higherIsBetter, type Candidate, type MetricName } from '../../../src-shared/domain/training.ts';

export interface FoldPair {
  fold: number;
  a: number | null;
  b: number | null;
}

/** Every planned fold; a fold that was fitted again has its last value. */
export function pairedFolds(a: Candidate, b: Candidate): FoldPair[] {
  const planned = Math.max(a.progress?.folds.planned ?? 0, b.progress?.folds.planned ?? 0);
  const valueOf = ({ progress }: Candidate, fold: number): number | null =>
    (progress?.fits ?? []).filter((fit) => fit.fold === fold).toSorted((x, y) => x.fromMs - y.fromMs).at(-1)?.value ?? null; // prettier-ignore
  return Array.from({ length: planned }, (_, fold) => ({ fold, a: valueOf(a, fold), b: valueOf(b, fold) }));
}

/** On how many of the folds that both have `b` is better, and by how much in the mean (b − a); null where there are none. */
export function foldBalance(pairs: readonly FoldPair[], metric: MetricName): { both: number; better: number; mean: number } | null {
  const differences = pairs.flatMap(({ a, b }) => (a === null || b === null ? [] : [b - a]));
  if (differences.length === 0) return null;
  const better = differences.filter((difference) => (higherIsBetter[metric] ? difference > 0 : difference < 0)).length;
  return { both: differences.length, better, mean: differences.reduce((sum, each) => sum + each, 0) / differences.length };
}
