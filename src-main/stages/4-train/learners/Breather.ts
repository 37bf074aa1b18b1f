import type { FitControl } from './learner.ts';

const everyMs = 50;

/** Between two pieces of work: whether to go on, and now and then a chance for the process to hear its messages. */
export class Breather {
  readonly #control: Pick<FitControl, 'nowMs' | 'deadlineMs' | 'shouldStop' | 'pause'>;
  #lastMs: number;
  /** Why work was to end; 'no' while it goes on. */
  stopped: 'no' | 'time' | 'asked' = 'no';

  constructor(control: Pick<FitControl, 'nowMs' | 'deadlineMs' | 'shouldStop' | 'pause'>) {
    this.#control = control;
    this.#lastMs = control.nowMs();
  }

  /** Whether messages have waited long enough for `isOver` to look at them. */
  isDue(): boolean {
    return this.#control.nowMs() - this.#lastMs >= everyMs;
  }

  /** True: end with what there is. Once true, always true. */
  async isOver(): Promise<boolean> {
    if (this.stopped !== 'no') return true;
    const now = this.#control.nowMs();
    if (now - this.#lastMs >= everyMs) {
      this.#lastMs = now;
      await this.#control.pause?.();
    }
    return this.isOverNow();
  }

  /** The same in the middle of work that cannot wait for messages. */
  isOverNow(): boolean {
    if (this.stopped === 'no') this.stopped = this.#control.shouldStop();
    if (this.stopped === 'no' && this.#control.nowMs() > this.#control.deadlineMs) this.stopped = 'time';
    return this.stopped !== 'no';
  }

  get ended(): 'complete' | 'time' | 'asked' {
    return this.stopped === 'no' ? 'complete' : this.stopped;
  }
}
