import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { GradientTrainer } from './GradientTrainer.ts';

/** A way to run the same training: other sessions, micro-batches, threads or devices. */
export interface Candidate {
  /** For people, e.g. 'micro-batch 16, 2 threads'. */
  readonly label: string;
  /** A trainer of its own, on the data that will be trained on; released after it was timed. */
  create(): Promise<GradientTrainer>;
}

export interface CalibrationEntry {
  readonly label: string;
  /** Median ms for 1,000 rows; null where the candidate failed. */
  readonly msPerThousandRows: number | null;
  readonly steps: number;
  /** Why it failed: a provider that is not there, too little memory. */
  readonly failure?: { readonly code?: string; readonly reason: string };
}

export interface Calibration<Kind extends Candidate> {
  readonly best: Kind;
  readonly entries: readonly CalibrationEntry[];
}

export interface CalibrationSettings {
  readonly nowMs: () => number;
  /** Time for each candidate after its first step, at most about; default 500. At least two steps are timed. */
  readonly msPerCandidate?: number;
  /** A later candidate must be faster by this share, so that noise does not choose; default 0.03. */
  readonly margin?: number;
}

/**
 * Times each candidate and gives the fastest, per row: results of candidates differ in rounding, so the choice must be kept with
 * the training that it was made for (a checkpoint goes on with the same candidate). Put the simplest first: it wins ties.
 * Throws the first failure when all fail.
 */
export async function calibrate<Kind extends Candidate>(
  candidates: readonly Kind[],
  { nowMs, msPerCandidate = 500, margin = 0.03 }: CalibrationSettings,
): Promise<Calibration<Kind>> {
  const entries: CalibrationEntry[] = [];
  let best: { candidate: Kind; ms: number } | undefined;
  let firstFailure: unknown;
  for (const candidate of candidates) {
    try {
      const { ms, steps } = await timed(candidate, nowMs, msPerCandidate);
      entries.push({ label: candidate.label, msPerThousandRows: ms, steps });
      if (!best || ms < best.ms * (1 - margin)) best = { candidate, ms };
    } catch (error) {
      firstFailure ??= error;
      const reason = error instanceof Error ? error.message : String(error);
      entries.push({
        label: candidate.label,
        msPerThousandRows: null,
        steps: 0,
        failure: { ...(isModelkeepError(error) && { code: error.code }), reason },
      });
    }
  }
  if (!best) throw firstFailure ?? new Error('There is nothing to calibrate.');
  return { best: best.candidate, entries };
}

async function timed(candidate: Candidate, nowMs: () => number, budgetMs: number): Promise<{ ms: number; steps: number }> {
  const trainer = await candidate.create();
  try {
    // Memory is allocated and caches fill.
    await trainer.runOnce(1);
    const times: number[] = [];
    const started = nowMs();
    while (times.length < 2 || nowMs() - started < budgetMs) {
      const before = nowMs();
      await trainer.runOnce(1);
      times.push(nowMs() - before);
    }
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
    return { ms: (median * 1000) / trainer.batchRows, steps: times.length };
  } finally {
    await trainer.release();
  }
}

/** Micro-batch sizes worth trying for a batch: all of it, then halves down to `least` rows. */
export function microBatches(batchSize: number, least = 4): number[] {
  const sizes = [batchSize];
  for (let size = batchSize / 2; Number.isInteger(size) && size >= least; size /= 2) sizes.push(size);
  return sizes;
}

/**
 * Chooses one dimension after the other, each by measurement with the best of those before: micro-batch, then the runtime's
 * rewriting, then threads. A full grid would take a minute where this takes seconds.
 */
export async function calibrateInTurn<Choice extends object>(
  start: Choice,
  dimensions: readonly (readonly Partial<Choice>[])[],
  create: (choice: Choice) => Promise<GradientTrainer>,
  settings: CalibrationSettings,
): Promise<{ choice: Choice; entries: readonly CalibrationEntry[] }> {
  let choice = start;
  const entries: CalibrationEntry[] = [];
  for (const dimension of dimensions) {
    const candidates = dimension.map((part) => {
      const whole = { ...choice, ...part };
      return { label: JSON.stringify(whole), choice: whole, create: () => create(whole) };
    });
    const result = await calibrate(candidates, settings);
    entries.push(...result.entries);
    choice = result.best.choice;
  }
  return { choice, entries };
}
