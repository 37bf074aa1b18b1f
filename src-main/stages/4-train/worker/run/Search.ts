// The search of a run: proposes candidates, has them fitted fold by fold, drops hopeless ones, keeps everything on the disk.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FoldPlan } from '../../../../../src-shared/domain/training.ts';
import { isModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { cellsOf } from '../../metrics/answers.ts';
import { rowLosses } from '../../search/rowLosses.ts';
import { lag, type Outcome, type Proposer } from '../../search/proposer.ts';
import { isHopeless } from '../../search/racing.ts';
import { Candidate, type Judging } from './Candidate.ts';
import { FitPool, processFailed, type FitPoolSettings } from '../fit/FitPool.ts';
import type { RunClock } from './runClock.ts';
import type { KeptCandidate, RunFolder } from './runFolder.ts';
import type { RunControl } from './runControl.ts';

export interface SearchInput {
  judging: Judging;
  proposer: Proposer;
  plan: FoldPlan;
  pool: FitPoolSettings;
  folder: RunFolder;
  clock: RunClock;
  control: RunControl;
  /** A candidate has all its folds. */
  onWhole?(candidate: Candidate, all: readonly Candidate[]): void;
  seed: number;
}

export type SearchEnd = 'complete' | 'time' | 'asked';

/** Candidates that are open at one time: no more than a proposal may look back. */
const mostOpen = lag;
/** However short the time, a fit is given this much. */
const shortestFitMs = 1000;
/** Of the even share of what is left, what one fit may take while the listed candidates are not through. */
const shareOfOneFit = 3;
/** A process that dies is replaced this often before the fit counts as failed. */
const mostProcessFailures = 2;
const lookEveryMs = 40;

export class Search {
  readonly #with: SearchInput;
  readonly #candidates: Candidate[] = [];
  readonly #failures = new Map<string, number>();
  #pool: FitPool | null = null;
  #exhausted = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(input: SearchInput) {
    this.#with = input;
  }

  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  /** Until nothing is left to try, time is up, or someone asks to stop. Goes on where an earlier attempt was killed. */
  async run(): Promise<SearchEnd> {
    const { clock, control, folder } = this.#with;
    for (const kept of folder.progress.candidates) await this.#takeUp(kept);
    this.#pool = new FitPool(this.#with.pool);
    this.#pool.warm();
    const running = new Set<Promise<void>>();
    try {
      for (;;) {
        if (control.stopAsked()) return 'asked';
        if (control.paused()) {
          await this.#rest(running);
          continue;
        }
        if (clock.searchLeftMs() <= 0) return this.#endInTime(running);
        let task = this.#pool.hasIdle ? this.#nextTask() : null;
        while (task) {
          const fit = this.#fit(task.candidate, task.fold).finally(() => running.delete(fit));
          running.add(fit);
          task = this.#pool.hasIdle ? this.#nextTask() : null;
        }
        if (running.size === 0) return 'complete';
        await Promise.race([...running, sleep(lookEveryMs)]);
      }
    } finally {
      this.#pool.close();
      await Promise.allSettled(running);
      this.#settleOpen();
      await this.#keep();
    }
  }

  /** Fits under way end by their own deadline; the processes that do not keep it are ended. */
  async #endInTime(running: Set<Promise<void>>): Promise<'time'> {
    await Promise.race([Promise.allSettled(running), sleep(600)]);
    return 'time';
  }

  /** Nothing runs and no time passes until someone says go on or stop. */
  async #rest(running: Set<Promise<void>>): Promise<void> {
    const { clock, control, pool } = this.#with;
    clock.halt();
    this.#pool!.close();
    await Promise.allSettled(running);
    await this.#keep();
    while (control.paused() && !control.stopAsked()) await sleep(lookEveryMs);
    clock.goOn();
    if (control.stopAsked()) return;
    this.#pool = new FitPool(pool);
    this.#pool.warm();
  }

  #nextTask(): { candidate: Candidate; fold: number } | null {
    const open = this.#candidates.filter((each) => each.state === 'open');
    for (const candidate of open) {
      const fold = this.#mayGoOn(candidate) ? candidate.nextFold() : null;
      if (fold !== null) return { candidate, fold };
    }
    const at = this.#candidates.length;
    const allSettledBefore = this.#candidates.slice(0, Math.max(0, at - lag + 1)).every((each) => each.state !== 'open');
    if (this.#exhausted || open.length >= mostOpen || !allSettledBefore) return null;
    const proposal = this.#with.proposer.propose(at, this.#outcomes());
    if (!proposal) {
      this.#exhausted = true;
      return null;
    }
    const candidate = new Candidate(at, proposal, this.#with.judging);
    this.#candidates.push(candidate);
    this.#with.control.emit('added', { at, learner: proposal.learner, settings: proposal.settings, progress: candidate.progress() });
    return { candidate, fold: candidate.nextFold()! };
  }

  /** Fold 0 is fitted first; it says whether the others are worth it. The first candidate of a learner gets all folds: an ensemble may want it. */
  #mayGoOn(candidate: Candidate): boolean {
    if (this.#isFirstOfItsLearner(candidate)) return true;
    return candidate.fits[0] !== null || candidate.running.size === 0;
  }

  #isFirstOfItsLearner({ at, proposal }: Candidate): boolean {
    return this.#candidates.findIndex((each) => each.proposal.learner === proposal.learner) === at;
  }

  #outcomes(): Outcome[] {
    return this.#candidates.flatMap((each) =>
      each.state === 'open'
        ? []
        : [{ at: each.at, ...each.proposal, loss: each.state === 'failed' || each.dropped === 'time' ? null : each.loss() }],
    );
  }

  async #fit(candidate: Candidate, fold: number): Promise<void> {
    const { folder, clock, control, seed } = this.#with;
    const { learner, settings } = candidate.proposal;
    let [worker, fromMs] = [0, clock.elapsedMs()];
    try {
      const order = { learner, settings, fold, seed: seed + candidate.at * 64 + fold, ...folder.files(candidate.at, fold) };
      candidate.running.set(fold, { worker, fromMs });
      const result = await this.#pool!.fit(order, {
        withinMs: () => this.#withinMs(),
        onStart: (seat) => {
          [worker, fromMs] = [seat, clock.elapsedMs()];
          candidate.running.set(fold, { worker, fromMs });
          control.emit('candidate', candidate.news());
        },
        onPoint: ({ point }) => {
          if (fold === 0) control.emit('point', { at: candidate.at, point });
        },
      });
      const raw = await folder.answers(candidate.at, fold);
      candidate.running.delete(fold);
      candidate.take(fold, { ...result, worker, fromMs, toMs: clock.elapsedMs() }, raw);
      this.#settle(candidate);
    } catch (error) {
      candidate.running.delete(fold);
      candidate.abandoned.push({ worker, fold, fromMs, toMs: clock.elapsedMs(), value: null });
      this.#failed(candidate, fold, error);
    }
    control.emit('candidate', candidate.news());
    control.progress(this.#candidates, candidate);
    await this.#keep();
  }

  #withinMs(): number {
    const { clock, proposer, judging, pool } = this.#with;
    const left = clock.searchLeftMs();
    const listed = proposer.listed.length * judging.folds.length;
    const through = this.#candidates.reduce((sum, each) => sum + (each.state === 'open' ? each.foldsDone.length : judging.folds.length), 0);
    const share = (left * pool.processes * shareOfOneFit) / Math.max(1, listed - through);
    return Math.min(left, Math.max(shortestFitMs, share));
  }

  /** After a fit: done, dropped, or still open. */
  #settle(candidate: Candidate): void {
    if (candidate.state !== 'open') return;
    if (candidate.isWhole) {
      candidate.state = 'done';
      this.#with.onWhole?.(candidate, this.#candidates);
      return;
    }
    // Judged once, after the first fold, so that it does not matter how many processes there are.
    if (this.#isFirstOfItsLearner(candidate) || candidate.foldsDone.length > 1) return;
    const best = this.#bestBefore(candidate.at - lag);
    if (!best) return;
    const { judging } = this.#with;
    const rows = candidate.rowsDone();
    // Losses of rows are cross entropies or errors; where the metric asks for something else, who is better by it goes on.
    const [own, of] = [candidate.lossOn(rows), best.lossOn(rows)];
    if (own !== null && of !== null && own <= of) return;
    const losses = (each: Candidate): Float64Array => {
      const answers = each.answersOn(rows);
      return rowLosses(cellsOf(answers), judging.outputs, judging.target, rows);
    };
    if (isHopeless({ own: losses(candidate), best: losses(best) })) Object.assign(candidate, { state: 'stopped', dropped: 'worse' });
  }

  /** The best of the whole candidates up to place `last`. */
  #bestBefore(last: number): Candidate | null {
    const whole = this.#candidates.slice(0, Math.max(0, last + 1)).filter((each) => each.isWhole && each.loss() !== null);
    return whole.reduce<Candidate | null>((best, each) => (best === null || each.loss()! < best.loss()! ? each : best), null);
  }

  #failed(candidate: Candidate, fold: number, error: unknown): void {
    const { control, clock } = this.#with;
    if (control.stopAsked() || control.paused()) return; // its process was ended by us
    const code = isModelkeepError(error) ? error.code : null;
    if (code === 'MK_JOB_CANCELLED') {
      // It did not keep its time.
      if (clock.searchLeftMs() > shortestFitMs) Object.assign(candidate, { state: 'stopped', dropped: 'time' });
      return;
    }
    const key = `${candidate.at}-${fold}`;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    if (processFailed(error) && failures <= mostProcessFailures) return; // tried again
    Object.assign(candidate, { state: 'failed', failure: code ?? 'MK_INTERNAL' });
  }

  /** What is still open when the search ends will not be finished. */
  #settleOpen(): void {
    for (const candidate of this.#candidates)
      if (candidate.state === 'open') {
        Object.assign(candidate, { state: 'stopped', dropped: 'time' });
        candidate.running.clear();
        this.#with.control.emit('candidate', candidate.news());
      }
  }

  async #takeUp(kept: KeptCandidate): Promise<void> {
    const { judging, folder, control, proposer } = this.#with;
    proposer.propose(kept.at, this.#outcomes()); // it remembers what it has proposed
    const candidate = new Candidate(kept.at, kept.proposal, judging);
    for (const [fold, fit] of kept.fits.entries()) if (fit) candidate.take(fold, fit, await folder.answers(kept.at, fold));
    // Cut off by the kill, not by its own result.
    candidate.state = kept.dropped === 'time' ? 'open' : kept.state;
    candidate.dropped = kept.dropped === 'time' ? null : kept.dropped;
    this.#candidates.push(candidate);
    control.emit('added', {
      at: kept.at,
      learner: kept.proposal.learner,
      settings: kept.proposal.settings,
      progress: candidate.progress(),
    });
    control.emit('candidate', candidate.news());
  }

  /** One write at a time, each with what is true when it begins. */
  #keep(): Promise<void> {
    const { folder, clock } = this.#with;
    return (this.#writing = this.#writing.then(() =>
      folder.keep({ elapsedMs: clock.elapsedMs(), addedMs: clock.addedMs, candidates: this.#candidates.map((each) => each.kept()) }),
    ));
  }
}
