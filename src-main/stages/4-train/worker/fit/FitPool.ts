// The processes that fit: one fit at a time each, ended when they do not keep their time.
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import type { StartWorker, Worker } from '../../../../platform/processHost.ts';
import type { FitOrder, FitPoint, FitResult, FitSource } from './fitOrder.ts';

export interface FitPoolSettings {
  start: StartWorker;
  processes: number;
  memoryLimitMb: number;
  source: FitSource;
}

/** Beyond its time a fit has this long to write down what it has. */
const graceMs = 400;

export interface FitCalls {
  /** Time for the fit; asked when it begins. */
  withinMs(): number;
  onStart(seat: number): void;
  onPoint(point: FitPoint): void;
}

interface Seat {
  number: number;
  worker: Worker | null;
  /** Settles when the process has read what it was given. */
  ready: Promise<void>;
  busy: boolean;
  onPoint: ((point: FitPoint) => void) | null;
}

export class FitPool {
  readonly #with: FitPoolSettings;
  readonly #seats: Seat[];
  #closed = false;

  constructor(settings: FitPoolSettings) {
    this.#with = settings;
    this.#seats = Array.from({ length: settings.processes }, (_, number) => ({
      number,
      worker: null,
      ready: Promise.resolve(),
      busy: false,
      onPoint: null,
    }));
  }

  /** Starts all processes, so that none is waited for later. */
  warm(): void {
    for (const seat of this.#seats) this.#workerOf(seat);
  }

  get hasIdle(): boolean {
    return this.#seats.some((seat) => !seat.busy);
  }

  /**
   * Fits on an idle process; which one is told by `onStart`. Errors: those of the learner; MK_WORKER_DIED and MK_WORKER_LIMIT when the process ended
   * (memory, a crash, `close`) — another takes its place; MK_JOB_CANCELLED when it did not keep its time.
   */
  async fit(order: Omit<FitOrder, 'withinMs'>, { withinMs, onStart, onPoint }: FitCalls): Promise<FitResult> {
    const seat = this.#seats.find((each) => !each.busy);
    if (!seat || this.#closed) throw new Error('No process is idle.');
    seat.busy = true;
    try {
      const worker = this.#workerOf(seat);
      // The time of a fit does not begin before the process is there: on a busy machine it would be over by then.
      await seat.ready;
      seat.onPoint = onPoint;
      onStart(seat.number);
      return await this.#fitOn(worker, { ...order, withinMs: withinMs() });
    } finally {
      seat.busy = false;
      seat.onPoint = null;
      if (!seat.worker?.alive) seat.worker = null;
    }
  }

  async #fitOn(worker: Worker, order: FitOrder): Promise<FitResult> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), order.withinMs + graceMs / 2);
    try {
      return await worker.request<FitResult>('fit', order, { signal: late.signal, cancelWithinMs: graceMs / 2 });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all processes at once; fits under way are lost but for their checkpoints. */
  close(): void {
    this.#closed = true;
    for (const seat of this.#seats) seat.worker?.kill();
  }

  #workerOf(seat: Seat): Worker {
    if (seat.worker?.alive) return seat.worker;
    const { start, memoryLimitMb, source } = this.#with;
    const worker = start('fitWorker', {
      memoryLimitMb,
      onEvent: (event, data) => {
        if (event === 'point') seat.onPoint?.(data as FitPoint);
      },
    });
    seat.worker = worker;
    seat.ready = worker.request('open', source);
    seat.ready.catch(() => {}); // it shows itself again in the fit that follows
    return worker;
  }
}

/** What ended a fit that gave nothing: a learner's own trouble is the candidate's, everything else is the process's. */
export function processFailed(error: unknown): boolean {
  return isModelkeepError(error) && ['MK_WORKER_DIED', 'MK_WORKER_LIMIT'].includes((error as ModelkeepError).code);
}
