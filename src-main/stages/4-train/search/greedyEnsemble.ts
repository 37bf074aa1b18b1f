// Which candidates to average, and how much each counts.

export interface EnsembleInput {
  /** Out-of-fold answers of each candidate on the same rows: probabilities [rows, outputs] or numbers [rows, 1]. */
  answers: readonly (Float32Array | Float64Array)[];
  rows: number;
  outputs: number;
  /** Smaller is better; given averaged answers. */
  loss: (averaged: Float64Array) => number;
  /** Picks in all, with repetition. */
  picks?: number;
  nowMs?: () => number;
  deadlineMs?: number;
}

export interface Ensemble {
  /** By candidate; they sum to 1. */
  weights: number[];
  loss: number;
}

const defaultPicks = 40;

/**
 * Greedy forward selection with replacement: starting from the best single candidate, whichever lowers the loss of the average
 * most is added again and again; the average at the lowest loss is kept (Caruana, Niculescu-Mizil, Crew and Ksikes,
 * Ensemble Selection from Libraries of Models, ICML 2004). The first of equals wins, so equal input gives equal weights.
 */
export function greedyEnsemble({ answers, rows, outputs, loss, picks = defaultPicks, nowMs, deadlineMs }: EnsembleInput): Ensemble {
  const cells = rows * outputs;
  const counts = answers.map(() => 0);
  const sum = new Float64Array(cells);
  const trial = new Float64Array(cells);
  let best: Ensemble = { weights: counts.map(() => 0), loss: Infinity };
  for (let picked = 0; picked < picks; picked++) {
    if (picked > 0 && nowMs && deadlineMs !== undefined && nowMs() > deadlineMs) break;
    let [chosen, lowest] = [-1, Infinity];
    for (const [at, own] of answers.entries()) {
      const share = 1 / (picked + 1);
      for (let cell = 0; cell < cells; cell++) trial[cell] = (sum[cell]! + own[cell]!) * share;
      const reached = loss(trial);
      if (reached < lowest) [chosen, lowest] = [at, reached];
    }
    if (chosen < 0) break; // no loss is a number
    counts[chosen]!++;
    const own = answers[chosen]!;
    for (let cell = 0; cell < cells; cell++) sum[cell]! += own[cell]!;
    if (lowest < best.loss) best = { weights: counts.map((count) => count / (picked + 1)), loss: lowest };
    else if (picked > 8 && lowest > best.loss * (1 + 1e-3)) break; // further picks only smooth what is worse already
  }
  return best;
}
