// Work that takes more than a moment: queued, watched, cancelled, and continued after a kill. The queue is a table, so it survives.
import { dirname } from 'node:path';
import type { ErrorData, Job } from '../../src-shared/domain/job.ts';
import { isModelkeepError, ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { Caller } from '../../src-shared/rpc/contract.ts';
import type { Emit } from '../../src-shared/rpc/events.ts';
import type { AuditWriter } from './auditWriter.ts';
import type { Clock } from './clock.ts';
import { describeDiskError } from './files.ts';
import { JobProgress } from './jobProgress.ts';
import { callerOf, jobFromRow, openJobStore, type JobNote, type JobRow, type JobState, type JobStore } from './jobStore.ts';
import type { Ids } from './random.ts';
import { transaction, type WritableDb } from './sqlite.ts';

/** One sort of work. `run` must stop soon after `signal` aborts, by throwing, and leave nothing half-written. */
export interface JobKind<P = unknown, R = unknown> {
  kind: string;
  /** What it works on, for people: `dataset churn`. */
  subject(params: P): string;
  /** Higher runs first; default 0. */
  priority?: number;
  /** MiB that it may use; counts against the budget while it runs. Default 256. */
  memoryMb?: number | ((params: P) => number);
  /** After a kill: true runs it again (with its checkpoint), false fails it with MK_JOB_INTERRUPTED. */
  resumable: boolean;
  /** It only starts other jobs and waits for them: takes no slot and no memory, else it could wait for the slot that it holds. */
  coordinator?: boolean;
  run(context: JobContext<P>): Promise<R>;
}

export interface JobContext<P = unknown> {
  jobId: string;
  params: P;
  caller: Caller;
  /** 1 for the first; more after a kill. */
  attempt: number;
  signal: AbortSignal;
  /** `fraction` 0 to 1, null while unknown. May be called as often as convenient. */
  progress(fraction: number | null, note?: JobNote): void;
  /** JSON data that the next attempt finds; committed when `save` returns. */
  checkpoint: { save(data: unknown): void; load(): unknown };
}

export interface JobEngineOptions {
  ids: Ids;
  /** Jobs that run at once, coordinators aside. */
  concurrency: number;
  /** MiB that all running jobs may use together; a function when it can change. */
  memoryBudgetMb: number | (() => number);
  audit?: AuditWriter;
  /** Called before a job runs; throws when it may not (e.g. MK_DISK_FULL). */
  admit?: (kind: string) => Promise<void>;
  /** Called when a result cannot be stored, before the second try: makes room on the disk. */
  relieve?: () => Promise<unknown>;
  /** Told of failures that are not ours to explain. */
  onFault?: (kind: string, error: unknown) => void;
}

interface Running {
  row: JobRow;
  coordinator: boolean;
  resumable: boolean;
  abort: AbortController;
  progress: JobProgress;
  settled: Promise<void>;
}

type Outcome = { state: JobState; error?: ErrorData; result?: unknown } | 'requeue';

interface Waiter {
  resolve(job: Job): void;
  reject(error: unknown): void;
}

const defaultMemoryMb = 256;
const mostAttempts = 3;
const final: readonly JobState[] = ['done', 'failed', 'cancelled'];

export class JobEngine {
  readonly #db: WritableDb;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #options: JobEngineOptions;
  readonly #store: JobStore;
  readonly #kinds = new Map<string, JobKind>();
  readonly #running = new Map<string, Running>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  #closing = false;

  constructor(db: WritableDb, clock: Clock, emit: Emit, options: JobEngineOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#emit = emit;
    this.#options = options;
    this.#store = openJobStore(db);
  }

  register<P, R>(kind: JobKind<P, R>): void {
    if (this.#kinds.has(kind.kind)) throw new Error(`Job kind “${kind.kind}” is registered twice`);
    this.#kinds.set(kind.kind, kind as unknown as JobKind);
  }

  /** Queues the job. May be called inside a transaction: then it exists exactly if that commits. */
  start<P>(kind: string | JobKind<P, unknown>, params: P, caller: Caller): Job {
    const known = this.#kind(typeof kind === 'string' ? kind : kind.kind);
    const id = this.#options.ids.next('job');
    this.#store.insert({
      id,
      kind: known.kind,
      subject: known.subject(params),
      priority: known.priority ?? 0,
      memory_mb: known.coordinator
        ? 0
        : Math.ceil(typeof known.memoryMb === 'function' ? known.memoryMb(params) : (known.memoryMb ?? defaultMemoryMb)),
      params: JSON.stringify(params),
      caller: JSON.stringify(caller),
      created_at: this.#clock.now(),
    });
    // After the surrounding transaction, which is synchronous.
    queueMicrotask(() => {
      this.#announce(id);
      this.#pump();
    });
    return this.get(id);
  }

  /** Newest first. */
  list({ states, limit = 100 }: { states?: readonly JobState[] | undefined; limit?: number } = {}): Job[] {
    return this.#store.newest(states ?? ['queued', 'running', ...final], limit).map((row) => this.#present(row));
  }

  counts(): { running: number; queued: number } {
    return this.#store.counts();
  }

  /** Error: MK_NOT_FOUND. */
  get(id: string): Job {
    return this.#present(this.#row(id));
  }

  /** Resolves when the job is done, failed or cancelled. Rejects only when `signal` aborts or the engine is closed. */
  async wait(id: string, signal?: AbortSignal): Promise<Job> {
    const job = this.get(id);
    if (final.includes(job.state)) return job;
    signal?.throwIfAborted();
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => waiter.reject(signal!.reason);
      const done = (): void => {
        signal?.removeEventListener('abort', giveUp);
        waiters.delete(waiter);
      };
      const waiter: Waiter = {
        resolve: (ended) => (done(), resolve(ended)),
        reject: (error) => (done(), reject(error as Error)),
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiters.add(waiter);
    });
  }

  /** Takes the job out of the queue, or stops it and resolves when it has stopped. A finished job stays as it is. */
  async cancel(id: string, caller: Caller): Promise<Job> {
    const row = this.#row(id);
    if (final.includes(row.state)) return jobFromRow(row);
    const running = this.#running.get(id);
    transaction(this.#db, () => {
      this.#store.askCancel(id); // kept: a kill before the stop must not bring the job back
      if (!running) this.#store.finish(id, 'cancelled', this.#clock.now());
      this.#options.audit?.append({ caller, action: 'jobs.cancel', subject: `job ${row.number}`, details: { kind: row.kind, jobId: id } });
    });
    this.#announce(id);
    running?.abort.abort(new ModelkeepError('MK_JOB_CANCELLED'));
    await running?.settled;
    if (!running) this.#finished(id);
    return this.get(id);
  }

  /** Queues a failed or cancelled job again from the start, with the same parameters. Any other job stays as it is. */
  retry(id: string, caller: Caller): Job {
    const row = this.#row(id);
    if (row.state !== 'failed' && row.state !== 'cancelled') return jobFromRow(row);
    transaction(this.#db, () => {
      this.#store.renew(id);
      this.#options.audit?.append({ caller, action: 'jobs.retry', subject: `job ${row.number}`, details: { kind: row.kind, jobId: id } });
    });
    queueMicrotask(() => {
      this.#announce(id);
      this.#pump();
    });
    return this.get(id);
  }

  /** Once at start, after all kinds are registered: decides about what a killed core left "running", and starts the queue. */
  recover(): { continued: number; failed: number } {
    const found = { continued: 0, failed: 0 };
    for (const row of this.#store.interrupted()) {
      const resumable = this.#kinds.get(row.kind)?.resumable && row.attempts < mostAttempts;
      if (row.cancel_requested) this.#store.finish(row.id, 'cancelled', this.#clock.now());
      else if (resumable) this.#store.requeue(row.id, row.attempts);
      else this.#store.finish(row.id, 'failed', this.#clock.now(), { error: { code: 'MK_JOB_INTERRUPTED', params: {} } });
      if (resumable && !row.cancel_requested) found.continued++;
      else if (!row.cancel_requested) found.failed++;
    }
    this.#pump();
    return found;
  }

  /** Stops what runs. Resumable jobs go back to the queue with their checkpoint, others fail with MK_JOB_INTERRUPTED. */
  async close(): Promise<void> {
    this.#closing = true;
    const interrupted = new ModelkeepError('MK_JOB_INTERRUPTED');
    for (const { abort } of this.#running.values()) abort.abort(interrupted);
    for (const waiter of [...this.#waiters.values()].flatMap((waiters) => [...waiters])) waiter.reject(interrupted);
    await Promise.all([...this.#running.values()].map(({ settled }) => settled));
  }

  /** Starts what fits, strictly in order: a large job at the head is not overtaken, or it might never run. Coordinators use nothing and need not wait. */
  #pump(): void {
    if (this.#closing || !this.#db.open) return;
    let full = false;
    for (const row of this.#store.queued()) {
      const kind = this.#kinds.get(row.kind);
      full ||= !kind?.coordinator && !this.#fits(row);
      if (kind?.coordinator || !full) this.#launch(row, kind);
    }
  }

  #fits(row: JobRow): boolean {
    const busy = [...this.#running.values()].filter(({ coordinator }) => !coordinator);
    if (busy.length === 0) return true; // larger than the whole budget: alone, then
    const usedMb = busy.reduce((sum, { row: other }) => sum + other.memory_mb, 0);
    const { concurrency, memoryBudgetMb } = this.#options;
    const budgetMb = typeof memoryBudgetMb === 'function' ? memoryBudgetMb() : memoryBudgetMb;
    return busy.length < concurrency && usedMb + row.memory_mb <= budgetMb;
  }

  #launch(row: JobRow, kind: JobKind | undefined): void {
    this.#store.begin(row.id, this.#clock.now());
    const progress = new JobProgress({
      clock: this.#clock,
      show: () => this.#announce(row.id),
      store: ({ fraction, note, etaMs }) => {
        try {
          this.#store.note(row.id, fraction, note, etaMs);
        } catch (error) {
          this.#options.onFault?.(row.kind, error); // a figure for people: not worth failing the job
        }
      },
    });
    const running: Running = {
      row: this.#row(row.id),
      coordinator: kind?.coordinator ?? false,
      resumable: kind?.resumable ?? false,
      abort: new AbortController(),
      progress,
      settled: Promise.resolve(),
    };
    this.#running.set(row.id, running);
    this.#announce(row.id);
    running.settled = this.#execute(running, kind);
  }

  async #execute(running: Running, kind: JobKind | undefined): Promise<void> {
    const { row, abort, progress } = running;
    let outcome: Outcome;
    try {
      if (!kind) throw new Error(`no job kind “${row.kind}”`);
      await this.#options.admit?.(row.kind);
      abort.signal.throwIfAborted();
      outcome = { state: 'done', result: await kind.run(this.#context(running)) };
    } catch (error) {
      outcome = this.#outcomeOf(await describeDiskError(error, dirname(this.#db.name)), running);
    }
    progress.stop();
    await this.#record(running, outcome);
    this.#running.delete(row.id);
    this.#finished(row.id);
    this.#pump();
  }

  /** On a full disk even this small write can fail: then the reserve is given back. Without success the job stays "running" and the next start decides. */
  async #record({ row, progress }: Running, outcome: Outcome): Promise<void> {
    const write = (): void =>
      transaction(this.#db, () => {
        this.#store.note(row.id, progress.state.fraction, progress.state.note, null);
        // A stop at the end of the program is no failed attempt.
        if (outcome === 'requeue') this.#store.requeue(row.id, row.attempts - 1);
        else this.#store.finish(row.id, outcome.state, this.#clock.now(), outcome);
      });
    try {
      write();
    } catch (error) {
      this.#options.onFault?.(row.kind, error);
      try {
        await this.#options.relieve?.();
        write();
      } catch (again) {
        this.#options.onFault?.(row.kind, again);
      }
    }
  }

  #outcomeOf(error: unknown, { row, abort, resumable }: Running): Outcome {
    const reason = abort.signal.aborted && isModelkeepError(abort.signal.reason) ? abort.signal.reason.code : null;
    if (reason === 'MK_JOB_CANCELLED') return { state: 'cancelled' };
    if (reason === 'MK_JOB_INTERRUPTED') return resumable ? 'requeue' : { state: 'failed', error: { code: reason, params: {} } };
    if (isModelkeepError(error)) return { state: 'failed', error: { code: error.code, params: error.params } };
    this.#options.onFault?.(row.kind, error);
    const detail = error instanceof Error ? error.message : String(error);
    return { state: 'failed', error: { code: 'MK_INTERNAL', params: { operation: row.kind, detail } } };
  }

  #context({ row, abort, progress }: Running): JobContext {
    return {
      jobId: row.id,
      params: JSON.parse(row.params) as unknown,
      caller: callerOf(row),
      attempt: row.attempts,
      signal: abort.signal,
      progress: (fraction, note) => progress.update(fraction, note),
      checkpoint: {
        save: (data) => this.#store.checkpoint(row.id, data),
        load: () => {
          const stored = this.#row(row.id).checkpoint;
          return stored === null ? null : (JSON.parse(stored) as unknown);
        },
      },
    };
  }

  #kind(name: string): JobKind {
    const kind = this.#kinds.get(name);
    if (!kind) throw new Error(`There is no job kind “${name}”`);
    return kind;
  }

  #row(id: string): JobRow {
    const row = this.#store.get(id);
    if (!row) throw new ModelkeepError('MK_NOT_FOUND', { what: 'job', name: id });
    return row;
  }

  /** What is stored, with the progress of this moment. */
  #present(row: JobRow): Job {
    const job = jobFromRow(row);
    const live = this.#running.get(row.id)?.progress.state;
    return live && row.state === 'running' ? { ...job, progress: live.fraction, note: live.note, etaMs: live.etaMs } : job;
  }

  #announce(id: string): void {
    const row = this.#db.open ? this.#store.get(id) : undefined;
    if (row) this.#emit('job', this.#present(row));
  }

  #finished(id: string): void {
    this.#announce(id);
    const job = this.get(id);
    if (!final.includes(job.state)) return;
    for (const waiter of this.#waiters.get(id) ?? []) waiter.resolve(job);
    this.#waiters.delete(id);
  }
}
