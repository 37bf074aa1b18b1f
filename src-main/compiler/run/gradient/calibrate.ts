import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { ShouldStop } from '../shouldStop.ts';

/** What is timed: both trainers are. */
export interface TimedTrainer {
  /** Rows of one minibatch. */
  readonly batchRows: number;
  runOnce(maxBatches: number, shouldStop?: ShouldStop): Promise<{ readonly losses: ArrayLike<number> }>;
  release(): Promise<void>;
}

/** A way to run the same training: other sessions, micro-batches, threads or devices. */
export interface Candidate {
  /** For people, e.g. 'micro-batch 16, 2 threads'. */
  readonly label: string;
  /** A trainer of its own, on the data that will be trained on, one minibatch a step; released after it was timed. */
  create(): Promise<TimedTrainer>;
}

export interface CalibrationEntry {
  readonly label: string;
  /** Median ms for 1,000 rows; null where the candidate failed. */
  readonly msPerThousandRows: number | null;
  /** Median ms of one minibatch: with a `GradientTrainer`, of one run, which a stop has to wait for. */
  readonly msPerBatch: number | null;
  /** Minibatches that were timed. */
  readonly steps: number;
  /** Why it failed: a provider that is not there, too little memory. */
  readonly failure?: { readonly code?: string; readonly reason: string };
}

export interface Calibration<Kind extends Candidate> {
  readonly best: Kind;
  /** Of the best. */
  readonly entry: CalibrationEntry;
  readonly entries: readonly CalibrationEntry[];
}

export interface CalibrationSettings {
  readonly nowMs: () => number;
  /** Time for each candidate after its first step, at most about; default 500. One slow step is timed however long it takes. */
  readonly msPerCandidate?: number;
  /** A later candidate must be faster by this share, so that noise does not choose; default 0.03. */
  readonly margin?: number;
  /** Asked between runs. */
  readonly shouldStop?: ShouldStop;
  /** Each candidate as soon as it was timed or has failed. */
  readonly onEntry?: (entry: CalibrationEntry) => void;
}

/** Several minibatches are timed together where they are quick, as training does; at most so many. */
const longestSample = 16;
const samplesPerCandidate = 4;

/**
 * Times each candidate and gives the fastest, per row: results of candidates differ in rounding, so the choice must be kept with
 * the training that it was made for (a checkpoint goes on with the same candidate). Put the simplest first: it wins ties.
 * Throws the first failure when all fail, and MK_JOB_CANCELLED when `shouldStop` says so.
 */
export async function calibrate<Kind extends Candidate>(
  candidates: readonly Kind[],
  { nowMs, msPerCandidate = 500, margin = 0.03, shouldStop = () => false, onEntry }: CalibrationSettings,
): Promise<Calibration<Kind>> {
  const entries: CalibrationEntry[] = [];
  const add = (entry: CalibrationEntry): void => {
    entries.push(entry);
    onEntry?.(entry);
  };
  let best: { candidate: Kind; entry: CalibrationEntry; ms: number } | undefined;
  let firstFailure: unknown;
  for (const candidate of candidates) {
    if (await shouldStop()) throw new ModelkeepError('MK_JOB_CANCELLED');
    try {
      const { ms, batchMs, steps } = await timed(candidate, nowMs, msPerCandidate, shouldStop);
      const entry = { label: candidate.label, msPerThousandRows: ms, msPerBatch: batchMs, steps };
      add(entry);
      if (!best || ms < best.ms * (1 - margin)) best = { candidate, entry, ms };
    } catch (error) {
      if (isModelkeepError(error) && error.code === 'MK_JOB_CANCELLED') throw error;
      firstFailure ??= error;
      const reason = error instanceof Error ? error.message : String(error);
      add({
        label: candidate.label,
        msPerThousandRows: null,
        msPerBatch: null,
        steps: 0,
        failure: { ...(isModelkeepError(error) && { code: error.code }), reason },
      });
    }
  }
  if (!best) throw firstFailure ?? new Error('There is nothing to calibrate.');
  return { best: best.candidate, entry: best.entry, entries };
}

async function timed(
  candidate: Candidate,
  nowMs: () => number,
  budgetMs: number,
  shouldStop: ShouldStop,
): Promise<{ ms: number; batchMs: number; steps: number }> {
  const trainer = await candidate.create();
  const time = async (batches: number): Promise<{ ms: number; steps: number }> => {
    const before = nowMs();
    const { losses } = await trainer.runOnce(batches, shouldStop);
    // Given up, or asked for after the last run.
    if (losses.length === 0 || (await shouldStop())) throw new ModelkeepError('MK_JOB_CANCELLED');
    return { ms: (nowMs() - before) / losses.length, steps: losses.length };
  };
  try {
    // Memory is allocated, caches fill, a device compiles.
    await time(1);
    const samples = [await time(1)];
    const fitting = Math.floor(budgetMs / samplesPerCandidate / samples[0]!.ms);
    const batches = Math.max(1, Math.min(longestSample, fitting));
    const started = nowMs() - samples[0]!.ms;
    while (nowMs() - started < budgetMs) samples.push(await time(batches));
    const batchMs = samples.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]!;
    return { ms: (batchMs * 1000) / trainer.batchRows, batchMs, steps: samples.reduce((sum, { steps }) => sum + steps, 0) };
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
  create: (choice: Choice) => Promise<TimedTrainer>,
  settings: CalibrationSettings,
): Promise<{ choice: Choice; entry: CalibrationEntry | undefined; entries: readonly CalibrationEntry[] }> {
  let choice = start;
  let entry: CalibrationEntry | undefined;
  const entries: CalibrationEntry[] = [];
  for (const dimension of dimensions) {
    const candidates = dimension.map((part) => {
      const whole = { ...choice, ...part };
      return { label: JSON.stringify(whole), choice: whole, create: () => create(whole) };
    });
    const result = await calibrate(candidates, settings);
    entries.push(...result.entries);
    choice = result.best.choice;
    entry = result.entry;
  }
  return { choice, entry, entries };
}
