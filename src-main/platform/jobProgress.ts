import type { Clock } from './clock.ts';
import type { JobNote } from './jobStore.ts';

export interface ProgressState {
  /** 0 to 1; null while the length is unknown. */
  fraction: number | null;
  note: JobNote | null;
  /** null until a second of progress has shown a rate. */
  etaMs: number | null;
}

export interface ProgressSinks {
  clock: Clock;
  /** At most four a second, the last value always. */
  show(state: ProgressState): void;
  /** At most one a second: a disk write. */
  store(state: ProgressState): void;
}

const showEveryMs = 250;
const storeEveryMs = 1000;
/** A rate over less than this says nothing. */
const rateAfterMs = 1000;

/** Thins out what a job reports, and estimates when it will be done. */
export class JobProgress {
  readonly #sinks: ProgressSinks;
  #state: ProgressState = { fraction: null, note: null, etaMs: null };
  #shownAt = -Infinity;
  #storedAt = -Infinity;
  /** First fraction of this attempt: a resumed job starts in the middle, and its rate must not count what was done before. */
  #first: { at: number; fraction: number } | null = null;
  #late: NodeJS.Timeout | null = null;

  constructor(sinks: ProgressSinks) {
    this.#sinks = sinks;
  }

  get state(): ProgressState {
    return this.#state;
  }

  update(fraction: number | null, note?: JobNote): void {
    const now = this.#sinks.clock.now();
    const clamped = fraction === null || Number.isNaN(fraction) ? null : Math.min(1, Math.max(0, fraction));
    this.#state = { fraction: clamped, note: note ?? this.#state.note, etaMs: this.#eta(clamped, now) };
    if (now - this.#storedAt >= storeEveryMs) {
      this.#storedAt = now;
      this.#sinks.store(this.#state);
    }
    if (now - this.#shownAt >= showEveryMs) this.#show();
    else this.#late ??= setTimeout(() => this.#show(), showEveryMs - (now - this.#shownAt));
  }

  /** Nothing is shown or stored after this. */
  stop(): void {
    if (this.#late) clearTimeout(this.#late);
    this.#late = null;
  }

  #show(): void {
    this.stop();
    this.#shownAt = this.#sinks.clock.now();
    this.#sinks.show(this.#state);
  }

  /** The rest at the mean rate of this attempt. */
  #eta(fraction: number | null, now: number): number | null {
    if (fraction === null) return null;
    this.#first ??= { at: now, fraction };
    const elapsedMs = now - this.#first.at;
    const done = fraction - this.#first.fraction;
    return elapsedMs < rateAfterMs || done <= 0 ? null : (elapsedMs * (1 - fraction)) / done;
  }
}
