/** One comparison. `ratio` ≥ 1 always means ours is as good or better; ours and the peer alternate within the one run; figures are medians. */
export interface BenchResult {
  name: string;
  ours: number;
  peer: number;
  unit: string;
  ratio: number;
  higherIsBetter: boolean;
  peerVersion: string;
  machine: string;
  runs: number;
  notes: string;
  /** Further figures of the same run, by name and unit, e.g. `peakMemoryMb`. */
  extra?: Record<string, number | string>;
}

/** This machine cannot run it, and why. */
export interface SkippedBenchmark {
  name: string;
  skipped: string;
}

export interface Benchmark {
  name: string;
  /** One line for `--list`. */
  about: string;
  /** `flags`: what else was on the command line. */
  run(flags: readonly string[]): Promise<BenchResult | SkippedBenchmark>;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
