// Of the time that a run was given: what is gone, and what is left for searching before the end needs it.

export interface RunClockSettings {
  nowMs(): number;
  budgetMs: number;
  /** Gone before: by attempts that were killed, and by whoever started this one. */
  usedMs: number;
  addedMs: number;
}

/** Of the budget, what judging and exporting may need as long as nothing is known of them. */
const shareForTheEnd = 0.12;
const [shortestEndMs, longestEndShare] = [300, 0.4];

export class RunClock {
  readonly #with: RunClockSettings;
  readonly #startedMs: number;
  #addedMs: number;
  #haltedMs = 0;
  #haltedSince: number | null = null;
  #endMs: number | null = null;

  constructor(settings: RunClockSettings) {
    this.#with = settings;
    this.#startedMs = settings.nowMs();
    this.#addedMs = settings.addedMs;
  }

  elapsedMs(): number {
    const now = this.#haltedSince ?? this.#with.nowMs();
    return this.#with.usedMs + now - this.#startedMs - this.#haltedMs;
  }

  get budgetMs(): number {
    return this.#with.budgetMs + this.#addedMs;
  }

  get addedMs(): number {
    return this.#addedMs;
  }

  leftMs(): number {
    return this.budgetMs - this.elapsedMs();
  }

  searchLeftMs(): number {
    const end = this.#endMs ?? this.budgetMs * shareForTheEnd;
    return this.leftMs() - Math.min(this.budgetMs * longestEndShare, Math.max(shortestEndMs, end));
  }

  /** A better idea of how long the end takes. */
  reserveForTheEnd(ms: number): void {
    this.#endMs = ms;
  }

  add(ms: number): void {
    this.#addedMs += ms;
  }

  /** Time that passes from now to `goOn` does not count. */
  halt(): void {
    this.#haltedSince ??= this.#with.nowMs();
  }

  goOn(): void {
    if (this.#haltedSince === null) return;
    this.#haltedMs += this.#with.nowMs() - this.#haltedSince;
    this.#haltedSince = null;
  }
}
