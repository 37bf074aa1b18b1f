/**
 * The ⌈(n + 1)(1 − α)⌉-th smallest of n scores: a new exchangeable score is no larger with probability ≥ 1 − α, and ≤ 1 − α + 1 / (n + 1)
 * without ties. Vovk, Gammerman & Shafer, Algorithmic learning in a random world (2005); Lei et al., J. Am. Stat. Assoc. 113 (2018),
 * theorem 2. Infinity where n is too small to promise it: n < 1 / α − 1.
 */
export function conformalQuantile(scores: ArrayLike<number>, coverage: number): number {
  const rank = Math.ceil((scores.length + 1) * coverage - 1e-9);
  if (rank > scores.length) return Infinity;
  return Float64Array.from(scores).sort()[Math.max(rank, 1) - 1]!;
}
