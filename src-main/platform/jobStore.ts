// The jobs table. Every change is one statement, so a kill leaves a job in one state or the next.
import type { ErrorData, Job } from '../../src-shared/domain/job.ts';
import type { Caller } from '../../src-shared/rpc/contract.ts';
import type { WritableDb } from './sqlite.ts';

export type JobState = Job['state'];
export type JobNote = NonNullable<Job['note']>;

export interface JobRow {
  number: number;
  id: string;
  kind: string;
  subject: string;
  state: JobState;
  priority: number;
  memory_mb: number;
  params: string;
  caller: string;
  progress: number | null;
  note: string | null;
  eta_ms: number | null;
  attempts: number;
  cancel_requested: number;
  checkpoint: string | null;
  error: string | null;
  result: string | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
}

export type NewJob = Pick<JobRow, 'id' | 'kind' | 'subject' | 'priority' | 'memory_mb' | 'params' | 'caller' | 'created_at'>;

export function openJobStore(db: WritableDb) {
  const insert = db.prepare<NewJob>(
    `INSERT INTO jobs (id, kind, subject, state, priority, memory_mb, params, caller, created_at)
     VALUES (@id, @kind, @subject, 'queued', @priority, @memory_mb, @params, @caller, @created_at)`,
  );
  const byId = db.prepare<[string], JobRow>('SELECT * FROM jobs WHERE id = ?');
  const queued = db.prepare<[], JobRow>(`SELECT * FROM jobs WHERE state = 'queued' ORDER BY priority DESC, number`);
  const interrupted = db.prepare<[], JobRow>(`SELECT * FROM jobs WHERE state = 'running' ORDER BY number`);
  const newest = db.prepare<[string, number], JobRow>(
    'SELECT * FROM jobs WHERE state IN (SELECT value FROM json_each(?)) ORDER BY number DESC LIMIT ?',
  );
  const counts = db.prepare<[], { running: number; queued: number }>(
    `SELECT count(*) FILTER (WHERE state = 'running') AS running, count(*) FILTER (WHERE state = 'queued') AS queued
     FROM jobs WHERE state IN ('running', 'queued')`,
  );
  const begin = db.prepare<[number, string]>(
    `UPDATE jobs SET state = 'running', attempts = attempts + 1, started_at = ?, progress = NULL, note = NULL, eta_ms = NULL WHERE id = ?`,
  );
  const note = db.prepare<[number | null, string | null, number | null, string]>(
    'UPDATE jobs SET progress = ?, note = ?, eta_ms = ? WHERE id = ?',
  );
  const checkpoint = db.prepare<[string, string]>('UPDATE jobs SET checkpoint = ? WHERE id = ?');
  const askCancel = db.prepare<[string]>('UPDATE jobs SET cancel_requested = 1 WHERE id = ?');
  const finish = db.prepare<{ id: string; state: JobState; error: string | null; result: string | null; at: number }>(
    `UPDATE jobs SET state = @state, error = @error, result = @result, finished_at = @at, eta_ms = NULL, checkpoint = NULL,
       progress = CASE WHEN @state = 'done' THEN 1 ELSE progress END WHERE id = @id`,
  );
  const requeue = db.prepare<[number, string]>(
    `UPDATE jobs SET state = 'queued', attempts = ?, started_at = NULL, eta_ms = NULL WHERE id = ?`,
  );
  const renew = db.prepare<[string]>(
    `UPDATE jobs SET state = 'queued', attempts = 0, cancel_requested = 0, checkpoint = NULL, error = NULL, result = NULL, progress = NULL,
       note = NULL, eta_ms = NULL, started_at = NULL, finished_at = NULL WHERE id = ?`,
  );

  return {
    insert: (job: NewJob) => void insert.run(job),
    get: (id: string) => byId.get(id),
    queued: () => queued.all(),
    interrupted: () => interrupted.all(),
    newest: (states: readonly JobState[], limit: number) => newest.all(JSON.stringify(states), limit),
    counts: () => counts.get()!,
    begin: (id: string, at: number) => void begin.run(at, id),
    note: (id: string, progress: number | null, text: JobNote | null, etaMs: number | null) =>
      void note.run(progress, text && JSON.stringify(text), etaMs === null ? null : Math.round(etaMs), id),
    checkpoint: (id: string, data: unknown) => void checkpoint.run(JSON.stringify(data), id),
    askCancel: (id: string) => void askCancel.run(id),
    finish: (id: string, state: JobState, at: number, { error, result }: { error?: ErrorData; result?: unknown } = {}) =>
      void finish.run({
        id,
        state,
        at,
        error: error ? JSON.stringify(error) : null,
        result: result === undefined ? null : JSON.stringify(result),
      }),
    /** Back into the queue with its checkpoint; `attempts` is what it counts so far. */
    requeue: (id: string, attempts: number) => void requeue.run(attempts, id),
    /** Back into the queue as if it had never run. */
    renew: (id: string) => void renew.run(id),
  };
}
export type JobStore = ReturnType<typeof openJobStore>;

export function callerOf(row: JobRow): Caller {
  return JSON.parse(row.caller) as Caller;
}

export function jobFromRow(row: JobRow): Job {
  return {
    id: row.id,
    number: row.number,
    kind: row.kind,
    subject: row.subject,
    state: row.state,
    progress: row.progress,
    note: row.note === null ? null : (JSON.parse(row.note) as JobNote),
    etaMs: row.eta_ms,
    priority: row.priority,
    attempts: row.attempts,
    cancellable: (row.state === 'queued' || row.state === 'running') && row.cancel_requested === 0,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorData),
    result: row.result === null ? null : (JSON.parse(row.result) as unknown),
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    createdBy: callerOf(row).actor,
  };
}
