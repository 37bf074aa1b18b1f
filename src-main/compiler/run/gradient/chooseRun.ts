import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Target } from '../../5-emit/providers/target.ts';
import type { SessionSettings } from '../runtime.ts';
import { calibrate, microBatches, type CalibrationEntry, type CalibrationSettings, type TimedTrainer } from './calibrate.ts';

/** How a training with `GradientTrainer` runs on one machine. It decides rounding, so it is kept with the training. */
export interface RunChoice {
  readonly provider: Target['provider'];
  /** `batchSize` of `compileGradients`: what one thread computes in one run. */
  readonly rowsPerRun: number;
  /** `microBatch` of `compileGradients`; divides `rowsPerRun`. */
  readonly microBatch: number;
  /** Threads beside the trainer's own, each with `rowsPerRun` rows of a run. */
  readonly workers: number;
  /** Within an operator. */
  readonly threads: number;
  readonly optimization: NonNullable<SessionSettings['optimization']>;
}

export interface ChooseRunSettings extends CalibrationSettings {
  /** Rows of a minibatch: of one update. */
  readonly batchRows: number;
  /** Providers that work here; the first wins ties, so the CPU belongs there. Others that fail are left out, and say why. */
  readonly providers: readonly Target['provider'][];
  /** Cores that the training may use. */
  readonly threads: number;
  /** False where rows of a batch see each other (`CompiledGradients.mixesRows`): a part of the batch would be another model. */
  readonly mayCut: boolean;
  /** A run should not take longer, because a stop waits for it; default 1,000. */
  readonly maxRunMs?: number;
  /** A trainer whose minibatch is one run of this choice: no `accumulate`. */
  create(choice: RunChoice): Promise<TimedTrainer>;
}

export interface ProviderRun {
  readonly choice: RunChoice;
  /** `accumulate` of the trainer: runs that make one step. */
  readonly runsPerStep: number;
  /** What a stop may have to wait for; above `maxRunMs` where nothing can be cut further. */
  readonly msPerRun: number;
  readonly msPerThousandRows: number;
}

export interface ChosenRun extends ProviderRun {
  /** The best of each provider that works, this one included: what to go on with when a device is lost. */
  readonly byProvider: readonly ProviderRun[];
  readonly entries: readonly CalibrationEntry[];
}

/** Cut no finer than this unless the time of a run demands it. */
const fewestRows = 4;

/**
 * Chooses provider, threads, micro-batch, the runtime's rewriting, and how many runs a step has, each by measurement on this
 * machine and these data. A small run is timed first and tells how large one may be: no candidate takes much longer than
 * `maxRunMs` a run, however large the minibatch, and calibrating does not either.
 *
 * One row alone may take longer than `maxRunMs`; then a run is one row, `msPerRun` says so, and a stop waits that long (whoever
 * cannot wait ends the process and goes on from the checkpoint).
 *
 * Throws the first failure when nothing works, and MK_JOB_CANCELLED when `shouldStop` says so.
 */
export async function chooseRun(settings: ChooseRunSettings): Promise<ChosenRun> {
  const { providers, margin = 0.03 } = settings;
  const entries: CalibrationEntry[] = [];
  const byProvider: ProviderRun[] = [];
  let best: ProviderRun | undefined;
  let firstFailure: unknown;
  for (const provider of providers) {
    try {
      const chosen = await onProvider(provider, settings, entries);
      byProvider.push(chosen);
      if (!best || chosen.msPerThousandRows < best.msPerThousandRows * (1 - margin)) best = chosen;
    } catch (error) {
      if (isModelkeepError(error) && error.code === 'MK_JOB_CANCELLED') throw error;
      firstFailure ??= error;
    }
  }
  if (!best) throw firstFailure ?? new Error('There is no provider.');
  return { ...best, byProvider, entries };
}

async function onProvider(provider: Target['provider'], settings: ChooseRunSettings, entries: CalibrationEntry[]): Promise<ProviderRun> {
  const { batchRows, mayCut, maxRunMs = 1000, create } = settings;
  const cores = provider === 'cpu' ? settings.threads : 1;
  const time = async (choices: readonly RunChoice[]): Promise<{ choice: RunChoice; entry: CalibrationEntry }> => {
    const candidates = choices.map((choice) => ({ label: labelOf(choice), choice, create: () => create(choice) }));
    const { best, entry } = await calibrate(candidates, { ...settings, onEntry: (each) => entries.push(each) });
    return { choice: best.choice, entry };
  };
  /** The most rows, of a batch or a thread's part of it, that keep to the time. */
  const fitting = (rows: number, msPerRow: number): number => {
    const sizes = mayCut ? divisors(rows) : [rows];
    return sizes.find((size) => size * msPerRow <= maxRunMs) ?? sizes.at(-1)!;
  };
  const plain = { provider, workers: 0, threads: 1, optimization: 'all' } as const;

  // Small runs cost more a row than large ones: the time of one tells a size that fits, whose time tells a better one.
  let rows = mayCut ? divisors(batchRows).findLast((size) => size >= fewestRows || size === batchRows)! : batchRows;
  let msPerRow: number;
  for (;;) {
    const { entry } = await time([{ ...plain, rowsPerRun: rows, microBatch: rows }]);
    msPerRow = entry.msPerThousandRows! / 1000;
    const larger = fitting(batchRows, msPerRow);
    if (larger <= rows) {
      rows = larger;
      break;
    }
    rows = larger;
  }
  const [first, ...others] = formsOf(batchRows, cores, mayCut).map(({ parts, ...form }): RunChoice => {
    const rowsPerRun = fitting(batchRows / parts, msPerRow);
    return { ...plain, ...form, rowsPerRun, microBatch: rowsPerRun };
  });
  const micro = mayCut ? microBatches(first!.rowsPerRun, Math.min(fewestRows, first!.rowsPerRun)) : [first!.rowsPerRun];
  let best = await time(micro.map((microBatch) => ({ ...first!, microBatch })));
  best = await time([best.choice, { ...best.choice, optimization: 'disabled' }]);
  const { microBatch, optimization } = best.choice;
  const likewise = others.map((form) => ({
    ...form,
    optimization,
    microBatch: microBatch < first!.rowsPerRun && form.rowsPerRun % microBatch === 0 ? microBatch : form.rowsPerRun,
  }));
  if (likewise.length > 0) best = await time([best.choice, ...likewise]);
  const { choice, entry } = best;
  return {
    choice,
    runsPerStep: batchRows / (choice.rowsPerRun * (choice.workers + 1)),
    msPerRun: entry.msPerBatch!,
    msPerThousandRows: entry.msPerThousandRows!,
  };
}

/** Ways to use the cores. Threads with parts of the batch come first where they are possible: they are usually the fastest. */
function formsOf(batchRows: number, cores: number, mayCut: boolean): { workers: number; threads: number; parts: number }[] {
  const alone = { workers: 0, threads: 1, parts: 1 };
  if (cores === 1) return [alone];
  const within = { workers: 0, threads: cores, parts: 1 };
  if (!mayCut || batchRows % cores !== 0) return [within, alone];
  return [{ workers: cores - 1, threads: 1, parts: cores }, within, alone];
}

/** Largest first. */
function divisors(rows: number): number[] {
  return Array.from({ length: rows }, (_, at) => rows - at).filter((size) => rows % size === 0);
}

function labelOf({ provider, rowsPerRun, microBatch, workers, threads, optimization }: RunChoice): string {
  const cores = workers > 0 ? `${workers + 1} threads with parts` : threads > 1 ? `${threads} threads inside` : 'one thread';
  return `${provider}, ${cores}, ${rowsPerRun} rows a run, micro-batch ${microBatch}, optimization ${optimization}`;
}
